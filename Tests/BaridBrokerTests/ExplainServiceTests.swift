import BaridSchema
import Foundation
import GRPCCore
import SwiftProtobuf
import TestSupport
import Testing

@testable import BaridBroker

/// `Admin.Explain` over a real socket.
@Suite(.timeLimit(.minutes(5))) struct ExplainServiceTests {
    @Test func tellsTheWholeJourney() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        var child = Barid_Bus_V1_Event.test("child", type: "news.made.v1", subject: "other")
        child.causationID = "a"
        child.source = "/workers/maker"
        let output: [UInt8] = try child.serializedBytes()
        _ = try await running.publish([.test("a", subject: "article-1"), .test("b", subject: "z")])
        try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let alone = try await admin.explain(.with { $0.article = "article-1" })
            #expect(alone.events.map(\.sequence) == [1])
            #expect(alone.events[0].groups.isEmpty)
            try await running.subscribe(group: "maker") { response, send in
                for sequence in response.sequences {
                    send(
                        .with {
                            $0.settleNumber = sequence
                            $0.settlements = [
                                .with {
                                    $0.sequence = sequence
                                    $0.attempt = 1
                                    $0.ack = .with {
                                        $0.outputs = sequence == 1 ? [Data(output)] : []
                                    }
                                }
                            ]
                        })
                }
                return response.settled < 3
            }
            let whole = try await admin.explain(.with { $0.article = "art" })
            #expect(whole.subject == "article-1")
            #expect(whole.events.map(\.sequence) == [1, 3], "through causation to the output")
            let steps = try #require(whole.events.first?.groups.first).steps
            #expect(steps.last?.what == "SETTLED" && steps.last?.worker == "/workers/maker")
            #expect(whole.events.flatMap(\.groups).allSatisfy { $0.state == "SETTLED" })
            let byEvent = try await admin.explain(.with { $0.article = "a" })
            #expect(byEvent.events.map(\.sequence) == [1, 3])
            let error = await #expect(throws: RPCError.self) {
                try await admin.explain(.with { $0.article = "nothing like it" })
            }
            #expect(error?.code == .notFound)
            await #expect(throws: RPCError.self) { try await admin.explain(.init()) }
        }
        try await running.broker.stop()
    }

    /// What begins alike is not guessed at.
    @Test func anAmbiguousBeginningIsRefused() async throws {
        let running = try RunningBroker(in: TemporaryFolder(), durability: .memory)
        _ = try await running.publish([.test("1", subject: "abc1"), .test("2", subject: "abc2")])
        try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let error = await #expect(throws: RPCError.self) {
                try await admin.explain(.with { $0.article = "abc" })
            }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains("abc1") == true)
        }
        try await running.broker.stop()
    }
}
