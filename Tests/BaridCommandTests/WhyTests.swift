import Barid
import BaridArticles
import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// `barid why` against a real broker: the reason is named, the command it prints frees the event.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WhyTests {
    /// The command printed for a reason, as arguments.
    private static func command(_ reason: String, _ output: String) throws -> [String] {
        let lines = output.split(separator: "\n").map(String.init)
        let index = try #require(lines.firstIndex { $0.hasPrefix("\(reason)  ") }, "\(output)")
        let line = try #require(lines[(index + 1)...].first)
        let text = try #require(line.components(separatedBy: "free it with: barid ").last)
        let shell = try Finished("/bin/sh", ["-c", "printf '%s\\n' \(text)"])
        return shell.output.split(separator: "\n").map(String.init)
    }

    private static func free(
        _ reason: String, _ article: String, _ broker: OperatedBroker
    )
        async throws
    {
        let why = try await broker.barid("why", article)
        #expect(why.code == 0 && why.output.contains(reason), "\(why)")
        let freed = try await broker.run(try command(reason, why.output))
        #expect(freed.code == 0, "\(freed)")
    }

    @Test func everyCommandFreesItsReason() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", type: "news.odd.v1", subject: "article-1")])

        // Nobody takes it; then a group is made, which has no worker.
        try await Self.free("NO_SUBSCRIBER", "article-1", broker)
        let alone = try await broker.barid("why", "article-1")
        #expect(alone.output.contains("NO_WORKER") && alone.output.contains("barid up"), "\(alone)")

        // The worker gives up; it is retried, and done.
        try await broker.reject(1, group: "any-name")
        try await Self.free("DEAD_LETTERED", "article-1", broker)
        #expect(try await broker.barid("dead-letters", "list").output.contains("No dead"))

        // Paused, and resumed.
        let pause = try await broker.barid("call", "Admin/PauseGroup", "{\"group\": \"any-name\"}")
        #expect(pause.code == 0, "\(pause)")
        try await Self.free("PAUSED", "article-1", broker)
        let position = try await broker.lastPosition()
        try await broker.work(group: "any-name", count: 1) { _, settlement in
            // What is settled before the broker's next look needs no record of its delivery.
            try await eventually("the record of the delivery") {
                try await broker.lastPosition() > position ? () : nil
            }
            settlement.ack = .init()
        }
        let done = try await broker.barid("why", "article-1", "--json")
        #expect(done.output.contains("\"state\":\"SETTLED\""), "\(done)")
        let steps = ["FAILED", "DEAD_LETTERED", "DUE_AGAIN", "SETTLED"]
        for step in steps { #expect(done.output.contains("\"what\":\"\(step)\""), "\(step)") }
        let shown = try await broker.barid("why", "article-1")
        #expect(shown.output.contains("Nothing holds it up"))
        let spans = try await broker.barid("why", "article-1", "--spans")
        #expect(spans.code == 0 && spans.output.contains("any-name"), "\(spans)")
        // In the order of time: it failed, was set aside, and was done at last.
        let lines = spans.output.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let order = ["process attempt 1", "settle dead letter", "process attempt", "settle ack"]
        let found = order.reduce(into: (from: 0, places: [Int]())) { search, start in
            guard let place = lines[search.from...].firstIndex(where: { $0.hasPrefix(start) })
            else { return }
            search = (place + 1, search.places + [place])
        }
        #expect(found.places.count == order.count, "\(spans)")
        #expect(try await broker.barid("why", "nothing").code == 66)
    }

    /// A full broker is the reason why nothing of an article is stored.
    @Test func whatWasRefusedIsNotAccepted() async throws {
        let broker = try await OperatedBroker(["BARID_MAXIMUM_LOG": "1MiB"])
        let body = String(repeating: "x", count: 300_000)
        for number in 0..<8 {
            _ = try? await broker.withClient { client in
                var configuration = Publisher.Configuration()
                configuration.deadline = .milliseconds(700)
                try await client.withPublisher(configuration) { publisher in
                    _ = try await publisher.publish(
                        EventEnvelope(.test("e\(number)", subject: "a", data: body)))
                }
            }
        }
        // Room is looked at twice a second.
        let why = try await eventually("the refusal") {
            let why = try await broker.barid("why", "missing")
            return why.error.contains("NOT_ACCEPTING") ? why : nil
        }
        #expect(why.code == 66)
        #expect(why.error.contains("LOG_MAXIMUM") && why.error.contains("--maximum-log"))
        let status = try await broker.barid("status")
        #expect(status.output.contains("LOG_MAXIMUM"), "\(status)")
    }

    @Test func aHeldArticleIsForAPerson() throws {
        var moderated = ArticleModerated()
        moderated.article.decision = .hold
        moderated.comments = [
            .with {
                $0.commentNumber = 3
                $0.verdict.decision = .hold
            }
        ]
        var event = Barid_Bus_V1_Event.test("m", type: ArticleEventType.moderated, subject: "id")
        event.protoData = try .init(message: moderated)
        let journey = try EventJourney(.with { $0.event = try event.serializedData() })
        #expect(journey.reason?.name == "HELD_FOR_REVIEW")
        #expect(journey.reason?.message.contains("comment 3") == true)
        moderated.article.decision = .pass
        moderated.comments = []
        event.protoData = try .init(message: moderated)
        let passed = try EventJourney(
            .with {
                $0.event = try event.serializedData()
                $0.groups = [.with { $0.group = "indexer" }]
            })
        #expect(passed.reason == nil)
    }

    @Test func refusesWrongUsage() async throws {
        for arguments in [["why"], ["why", ""], ["why", "a", "--nonsense"]] {
            #expect(try await RunningProcess("barid", arguments).ended() == 64)
        }
    }
}
