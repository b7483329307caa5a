import Barid
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import Logging
import Synchronization
import TestSupport

/// A `barid-broker` of a test's own, and `barid` as an operator runs it against that one.
final class OperatedBroker: Sendable {
    let folder: TemporaryFolder
    private let process: RunningProcess

    var environment: [String: String] { Self.environment(folder) }

    /// Starts the broker and waits until it is ready.
    init(_ extra: [String: String] = [:]) async throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let process = try RunningProcess(
            "barid-broker", environment: Self.environment(folder).merging(extra) { $1 })
        self.process = process
        try await eventually("the broker is ready") {
            process.error.contains("\"message\":\"ready\"") || !process.isRunning ? () : nil
        }
    }

    private static func environment(_ folder: TemporaryFolder) -> [String: String] {
        [
            "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/broker.ipc"),
            "XDG_CONFIG_HOME": folder.file("config"),
            "BARID_PLUGIN_PATH": folder.file("plugins"),
        ]
    }

    /// Sends the broker a signal.
    func signal(_ number: Int32) { process.signal(number) }

    /// Waits until the broker has ended.
    func ended() async throws -> Int32 { try await process.ended() }

    /// Runs `barid` to its end.
    func barid(
        _ arguments: String..., input: String = ""
    ) async throws -> (code: Int32, output: String, error: String) {
        try await run(arguments, input: input)
    }

    /// Runs `barid` to its end.
    func run(
        _ arguments: [String], input: String = ""
    ) async throws -> (code: Int32, output: String, error: String) {
        let process = try RunningProcess(
            "barid", arguments, environment: environment, input: input)
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    /// Works with a client of the broker.
    func withClient<Result: Sendable>(
        _ body: (BaridClient) async throws -> Result
    ) async throws -> Result {
        try await BaridClient.with(
            .ipc(path: folder.file("run/broker.ipc")), name: "test",
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), body)
    }

    /// Publishes events and returns their sequences.
    @discardableResult
    func publish(_ events: [Barid_Bus_V1_Event]) async throws -> [UInt64] {
        try await withClient { client in
            try await client.withPublisher { publisher in
                var sequences: [UInt64] = []
                for event in events {
                    sequences.append(try await publisher.publish(EventEnvelope(event)).sequence)
                }
                return sequences
            }
        }
    }

    /// The position of the latest record that is durable.
    func lastPosition() async throws -> UInt64 {
        try await withClient { try await $0.admin.getStatus(.init()).lastPosition }
    }

    /// Subscribes; `settle` says what becomes of each delivery, `nil` to keep it, until it
    /// was asked `count` times.
    func work(
        group: String, count: Int, credit: UInt32 = 100,
        _ settle:
            @escaping @Sendable (Barid_Bus_V1_Event, inout Barid_Bus_V1_Settlement) async throws ->
            Void
    ) async throws {
        try await withClient { client in
            let (requests, post) = AsyncStream.makeStream(of: Barid_Bus_V1_SubscribeRequest.self)
            post.yield(
                .with {
                    $0.subscription.group = group
                    $0.subscription.worker = "\(group)-worker"
                    $0.credit = credit
                    $0.creditBytes = 1 << 24
                })
            try await client.eventBus.subscribe(
                metadata: [:], options: .defaults,
                requestProducer: { writer in
                    for await request in requests { try await writer.write(request) }
                },
                onResponse: { response in
                    var number: UInt64 = 0
                    for try await message in response.messages {
                        for (index, bytes) in message.events.enumerated() {
                            number += 1
                            var settlement = Barid_Bus_V1_Settlement()
                            settlement.sequence = message.sequences[index]
                            settlement.attempt =
                                message.attempts.isEmpty ? 1 : message.attempts[index]
                            try await settle(
                                Barid_Bus_V1_Event(serializedBytes: bytes), &settlement)
                            let (settled, last) = (settlement, number)
                            post.yield(
                                .with {
                                    $0.settleNumber = last
                                    $0.settlements = [settled]
                                })
                        }
                        if message.settled >= UInt64(count) { post.finish() }
                    }
                    post.finish()
                })
        }
    }

    /// Rejects the next events of a group.
    func reject(_ count: Int, group: String, reason: String = "BAD") async throws {
        try await work(group: group, count: count) { _, settlement in
            settlement.reject.error = .with {
                $0.code = 3
                $0.reason = reason
                $0.message = "no use"
            }
        }
    }
}

extension Barid_Bus_V1_Event {
    /// An event about an article.
    static func test(
        _ id: String, type: String = "news.test.happened.v1", subject: String = "",
        data: String = "data"
    ) -> Self {
        .with {
            $0.id = id
            $0.source = "urn:test"
            $0.type = type
            $0.subject = subject
            $0.textData = data
            $0.dataContentType = "text/plain"
        }
    }
}
