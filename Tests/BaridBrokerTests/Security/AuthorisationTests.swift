import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import GRPCProtobuf
import TestSupport
import Testing

@testable import BaridBroker

/// Protocols/7-security §5, over the wire: what a key may do, and what it is told otherwise.
@Suite(.timeLimit(.minutes(2))) struct AuthorisationTests {
    /// One refused event does not refuse the others, and receipts keep the order of the stream.
    @Test func eventsArePublishedByTypeAndTopic() async throws {
        let secure = try SecureBroker()
        let key = try secure.key("wire", "publish=articles:news.a.>")
        let receipts = try await secure.publish(
            [
                .test("1", type: "news.a.x"), .test("2", type: "news.b.x"),
                .test("3", type: "news.b.x"), .test("4", type: "news.a.y"),
                .test("5", type: "news.b.x"),
            ], key: key)
        #expect(receipts.map(\.count) == [1, 2, 1, 1])
        #expect(receipts.map(\.firstSequence) == [1, 0, 2, 0])
        for refused in [receipts[1], receipts[3]] {
            #expect(refused.error.code == 7)
            #expect(refused.error.reason == "NOT_ALLOWED")
            #expect(refused.error.message.contains("publish=news.b.x"))
        }
        let elsewhere = try await secure.publish(
            [.test("6", type: "news.a.x")], topic: "other", key: key)
        #expect(elsewhere.map(\.error.reason) == ["NOT_ALLOWED"])
        let local = try await secure.publish([.test("7", type: "news.b.x")], key: nil)
        #expect(local.map(\.firstSequence) == [3])
        // All are counted; each type of a stream was logged once.
        let status = try await secure.status()
        #expect(status.security.refused == ["publish": 4])
        #expect(status.security.unlogged == 2)
        #expect(status.security.keysInUse && status.security.authenticating)
        #expect(status.security.keys == 1)
        try await secure.broker.stop()
    }

    /// Credit comes back for what was refused: a peer without rights does not stop itself.
    @Test func refusedEventsReturnTheirCredit() async throws {
        let secure = try SecureBroker()
        let key = try secure.key("wire", "publish=news.a.>")
        let body = String(repeating: "x", count: 100_000)
        for round in 0..<3 {
            let receipts = try await secure.publish(
                (0..<10).map { .test("\(round)-\($0)", type: "news.b.x", data: body) }, key: key)
            #expect(receipts.map(\.count) == [10])
        }
        try await secure.broker.stop()
    }

    @Test func subscriptionsAreMadeByTypeAndGroup() async throws {
        let secure = try SecureBroker()
        _ = try await secure.publish([.test("1", type: "news.a.x")], key: nil)
        let key = try secure.key("worker", "subscribe=work/news.a.>")
        for (group, types) in [
            ("work", ["news.b.x"]), ("work", []), ("other", ["news.a.x"]), ("work", [">"]),
        ] {
            let error = await #expect(throws: RPCError.self) {
                try await Self.firstDelivery(secure, key, group: group, types: types)
            }
            #expect(error?.code == .permissionDenied, "\(group) \(types)")
            #expect(
                error?.metadata[stringValues: "barid-reason"].first { _ in true } == "NOT_ALLOWED")
        }
        let type = try await Self.firstDelivery(secure, key, group: "work", types: ["news.a.*"])
        #expect(type == "news.a.x")
        // Reading has no group, so a right that names one does not reach it.
        let error = await #expect(throws: RPCError.self) {
            try await Self.read(secure, key, types: ["news.a.x"])
        }
        #expect(error?.code == .permissionDenied)
        let reader = try secure.key("reader", "subscribe=news.a.>")
        let read = try await Self.read(secure, reader, types: ["news.a.x"])
        #expect(read == 1)
        try await secure.broker.stop()
    }

    /// An ack with an output that may not be published becomes a dead letter that names the right.
    @Test func aWorkerEmitsOnlyWhatItMayPublish() async throws {
        let secure = try SecureBroker()
        _ = try await secure.publish([.test("1", type: "news.a.x")], key: nil)
        let key = try secure.key("worker", "subscribe=>,publish=news.c.>")
        let output: [UInt8] = try Barid_Bus_V1_Event.test("out", type: "news.b.x").serializedBytes()
        let (requests, continuation) = AsyncStream.makeStream(
            of: Barid_Bus_V1_SubscribeRequest.self)
        continuation.yield(Self.subscription("work", ["news.a.x"]))
        try await secure.withClient(key) { client in
            try await Barid_Bus_V1_EventBus.Client(wrapping: client).subscribe { writer in
                for await request in requests { try await writer.write(request) }
            } onResponse: { response in
                for try await message in response.messages {
                    for sequence in message.sequences {
                        continuation.yield(
                            .with {
                                $0.settleNumber = 1
                                $0.settlements = [
                                    .with {
                                        $0.sequence = sequence
                                        $0.attempt = 1
                                        $0.ack = .with { $0.outputs = [Data(output)] }
                                    }
                                ]
                            })
                    }
                    if message.settled == 1 { continuation.finish() }
                }
            }
        }
        let letters = try await secure.withClient(nil) { client in
            try await Barid_Admin_V1_Admin.Client(wrapping: client).listDeadLetters(.init())
        }
        #expect(letters.deadLetters.map(\.error.reason) == ["NOT_ALLOWED"])
        #expect(letters.deadLetters.first?.error.message.contains("publish=news.b.x") == true)
        let stored = try await secure.status().topics.map(\.lastSequence)
        #expect(stored == [1])
        try await secure.broker.stop()
    }

    @Test func theBrokerIsLookedAfterByRight() async throws {
        let secure = try SecureBroker()
        let everythingElse = try secure.key(
            "most", "publish=>,subscribe=>,call=>,serve=>")
        try await secure.withClient(everythingElse) { client in
            let error = await #expect(throws: RPCError.self) {
                try await Barid_Admin_V1_Admin.Client(wrapping: client).getStatus(.init())
            }
            #expect(error?.code == .permissionDenied)
            let health = try await Grpc_Health_V1_Health.Client(wrapping: client).check(.init())
            #expect(health.status == .serving)
        }
        let admin = try secure.key("operator", "admin")
        try await secure.withClient(admin) { client in
            let status = try await Barid_Admin_V1_Admin.Client(wrapping: client).getStatus(.init())
            #expect(status.sessions.map(\.identity) == ["operator"])
        }
        try await secure.broker.stop()
    }

    private static func subscription(
        _ group: String, _ types: [String]
    ) -> Barid_Bus_V1_SubscribeRequest {
        .with {
            $0.subscription = .with {
                $0.group = group
                $0.types = types
            }
            $0.credit = 1
            $0.creditBytes = 1 << 20
        }
    }

    /// The type of the first event delivered.
    private static func firstDelivery(
        _ secure: SecureBroker, _ key: ClientKey, group: String, types: [String]
    ) async throws -> String {
        let (requests, continuation) = AsyncStream.makeStream(
            of: Barid_Bus_V1_SubscribeRequest.self)
        continuation.yield(subscription(group, types))
        defer { continuation.finish() }
        return try await secure.withClient(key) { client in
            try await Barid_Bus_V1_EventBus.Client(wrapping: client).subscribe { writer in
                for await request in requests { try await writer.write(request) }
            } onResponse: { response in
                for try await message in response.messages {
                    guard let event = message.events.first else { continue }
                    continuation.finish()
                    return try Barid_Bus_V1_Event(serializedBytes: event).type
                }
                return ""
            }
        }
    }

    private static func read(
        _ secure: SecureBroker, _ key: ClientKey, types: [String]
    ) async throws -> Int {
        try await secure.withClient(key) { client in
            try await Barid_Bus_V1_EventBus.Client(wrapping: client).read(
                .with { $0.types = types }
            ) { response in
                var count = 0
                for try await message in response.messages { count += message.events.count }
                return count
            }
        }
    }
}
