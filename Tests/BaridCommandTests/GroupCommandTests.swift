import Barid
import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// `barid group` against a real broker; Protocols/2-bus §4.
@Suite(.serialized, .timeLimit(.minutes(5))) struct GroupCommandTests {
    @Test func looksAfterAGroup() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([
            .test("e1", subject: "one"), .test("e2", subject: "two"), .test("e3", subject: "one"),
        ])
        let none = try await broker.barid("group", "list")
        #expect(none.code == 0 && none.output.contains("No groups."))
        let created = try await broker.barid("group", "create", "work", "--type", "news.>")
        #expect(created.code == 0 && created.output.contains("3 events"), "\(created)")
        let twice = try await broker.barid("group", "create", "work", "--json")
        #expect(twice.output == "{\"behind\":3}\n", "\(twice)")
        let few = try await broker.barid("group", "create", "few", "--type", "sport.>")
        #expect(few.output.contains("it will see 0 events stored before"), "\(few)")
        let other = try await broker.barid("group", "create", "work", "--type", "other")
        #expect(other.code == 65 && other.error.contains("never changes"), "\(other)")

        let paused = try await broker.barid("group", "pause", "work")
        #expect(paused.code == 0 && paused.output.contains("paused"), "\(paused)")
        let list = try await broker.barid("group", "list")
        #expect(list.output.contains("work") && list.output.contains("paused"), "\(list)")
        let status = try await broker.barid("status")
        #expect(status.output.contains("work is paused"), "\(status)")
        #expect(status.output.contains("barid group resume work"))
        _ = try await broker.barid("group", "create", "side", "--topic", "other")
        _ = try await broker.barid("group", "pause", "side", "--topic", "other")
        let both = try await broker.barid("status").output
        #expect(both.contains("`barid group resume side --topic other`"), "\(both)")
        #expect(both.contains("`barid group resume work`"), "\(both)")
        let resumed = try await broker.barid("group", "resume", "work", "--json")
        #expect(try Self.object(resumed.output)["paused"] == nil, "\(resumed)")

        try await broker.work(group: "work", count: 3) { _, settlement in settlement.ack = .init() }
        let replay = try await broker.barid("group", "replay", "work", "--article", "one")
        #expect(replay.output.contains("2 events again, as replay 1"), "\(replay)")
        let show = try await broker.barid("group", "show", "work")
        for part in ["replaying", "2, of which 2 once more", "news.>", "3 acked", "the oldest is"] {
            #expect(show.output.contains(part), "\(part): \(show)")
        }
        try await broker.work(group: "work", count: 2) { _, settlement in settlement.ack = .init() }
        let nothing = try await broker.barid("group", "replay", "work", "--article", "none")
        #expect(nothing.code == 0 && nothing.output.contains("nothing to do again"), "\(nothing)")

        let unasked = try await broker.barid("group", "reset", "work", "--to", "2")
        #expect(unasked.code == 77 && unasked.error.contains("--yes"), "\(unasked)")
        let reset = try await broker.barid("group", "reset", "work", "--to", "2", "--yes")
        #expect(reset.output.contains("2 events behind"), "\(reset)")
        let ahead = try await broker.barid(
            "group", "reset", "work", "--to", "2999-01-01T00:00:00Z", "--yes", "--json")
        #expect(ahead.output == "{}\n", "\(ahead)")

        #expect(try await broker.barid("group", "delete", "work").code == 77)
        let deleted = try await broker.barid("group", "delete", "work", "--yes")
        #expect(deleted.code == 0, "\(deleted)")
        for command in [
            ["show", "work"], ["pause", "work"], ["resume", "work"],
            ["replay", "work", "--from", "first"], ["reset", "work", "--to", "first", "--yes"],
            ["delete", "work", "--yes"],
        ] {
            let gone = try await Self.barid(["group"] + command, of: broker)
            #expect(gone.code == 66, "\(gone)")
            #expect(gone.error.contains("no group 'work' of topic 'articles'"), "\(gone)")
        }
    }

    @Test func aGroupShowsItsConditions() async throws {
        let broker = try await OperatedBroker()
        let created = try await broker.barid(
            "group", "create", "arabic", "--attribute", "language=ar,fa", "--start", "new")
        #expect(created.code == 0, "\(created)")
        let show = try await broker.barid("group", "show", "arabic")
        #expect(show.output.contains("every type; language is ar or fa"), "\(show)")
        let bad = try await broker.barid("group", "create", "bad", "--attribute", "time=1")
        #expect(bad.code == 65 && bad.error.contains("'time'"), "\(bad)")
    }

    /// A broker older than the count has done what was asked of it all the same.
    @Test func goesOnWithoutACountThatTheBrokerDoesNotKnow() async throws {
        try await OlderBroker.with { folder, endpoint in
            let environment = [
                "BARID_ENDPOINT": "\(endpoint)", "BARID_STATE": folder.file("state"),
            ]
            let words = try RunningProcess(
                "barid", ["group", "create", "work"], environment: environment)
            #expect(try await words.ended() == 0, "\(words.error)")
            #expect(words.output == "work is there.\n")
            let json = try RunningProcess(
                "barid", ["group", "create", "work", "--json"], environment: environment)
            #expect(try await json.ended() == 0, "\(json.error)")
            #expect(json.output == "{\"created\":true}\n")
        }
    }

    @Test(
        arguments: [
            ("first", .first), ("last", .last), ("new", .new), ("7", .sequence(7)),
            ("1970-01-01T00:00:01Z", .time(.seconds(1))),
            ("1970-01-01T01:00:01.500+01:00", .time(.milliseconds(1_500))),
            ("0", nil), ("-1", nil), ("yesterday", nil), ("", nil),
        ] as [(String, PluginManifest.Start?)])
    func placesAreRead(text: String, place: PluginManifest.Start?) {
        #expect(PluginManifest.Start(argument: text) == place)
    }

    @Test(arguments: [
        "list", "show", "create", "pause", "resume", "reset", "replay", "delete",
    ])
    func everyCommandHasHelpWithExamples(command: String) async throws {
        let process = try RunningProcess("barid", ["group", command, "--help"])
        #expect(try await process.ended() == 0)
        #expect(process.output.contains("Examples:") && process.output.contains("--json"))
    }

    private static func barid(
        _ arguments: [String], of broker: OperatedBroker
    ) async throws -> (code: Int32, error: String) {
        let process = try RunningProcess("barid", arguments, environment: broker.environment)
        let code = try await process.ended()
        return (code, process.error)
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
