import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// `barid dead-letters` against a real broker; Protocols/2-bus §13.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DeadLetterCommandTests {
    @Test func listsShowsExportsAndPurges() async throws {
        let broker = try await OperatedBroker()
        var other = Barid_Bus_V1_Event.test(
            "e2", type: "news.test.other.v1", subject: "article-2", data: "second\u{202E}")
        other.extensions = [
            "language": .with { $0.string = "ar" }, "urgent": .with { $0.boolean = true },
        ]
        try await broker.publish([
            .test("e1", subject: "article-1", data: "first body"), other,
            .test("e3", subject: "article-3", data: "third body"),
        ])
        try await broker.reject(3, group: "parser")

        let list = try await broker.barid("dead-letters", "list")
        #expect(list.code == 0, "\(list)")
        #expect(list.output.split(separator: "\n").count == 4)
        #expect(list.output.contains("article-2") && list.output.contains("no use"))
        let page = try await broker.barid("dead-letters", "list", "--limit", "2", "--json")
        let numbers = try page.output.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let letter = try #require(object as? [String: Any])
            return try #require(letter["number"] as? Int)
        }
        #expect(numbers.count == 2)
        #expect(page.error.contains("--after \(numbers[1])"), "\(page)")
        let rest = try await broker.barid("dead-letters", "list", "--after", "\(numbers[1])")
        #expect(rest.output.contains("article-3") && !rest.output.contains("article-2"))

        let show = try await broker.barid("dead-letters", "show", "\(numbers[1])")
        #expect(show.code == 0, "\(show)")
        for part in ["group parser", "e2", "BAD", "parser-worker", "urn:test", "second"] {
            #expect(show.output.contains(part), "\(part): \(show.output)")
        }
        #expect(show.output.contains("language  ar\n") && show.output.contains("urgent    true\n"))
        #expect(!show.output.contains("\u{202E}"), "nothing acts on the terminal")
        #expect(try await broker.barid("dead-letters", "show", "1").code == 66)

        let file = broker.folder.file("letters.jsonl")
        let export = try await broker.barid("dead-letters", "export", "--output", file)
        #expect(export.code == 0 && export.error.contains("3 dead letters"), "\(export)")
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        let first = try #require(
            try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        let event = try #require(first["event"] as? [String: Any])
        #expect(event["id"] as? String == "e1" && event["data"] as? String == "first body")
        let letter = try #require(first["dead_letter"] as? [String: Any])
        #expect((letter["attempts"] as? [Any])?.count == 1)
        let twice = try await broker.barid("dead-letters", "export", "--output", file)
        #expect(twice.code == 65 && twice.error.contains("exists already"))

        let retry = try await broker.barid("dead-letters", "retry", "\(numbers[0])")
        #expect(retry.code == 0 && retry.output.contains("1 dead letter due again"), "\(retry)")
        try await broker.reject(1, group: "parser", reason: "WORSE")
        let worse = try await broker.barid("dead-letters", "show", "--reason", "WORSE")
        #expect(worse.output.contains("Before it was retried") && worse.output.contains("BAD"))
        #expect(try await broker.barid("dead-letters", "retry", "1").code == 66)

        let unasked = try await broker.barid("dead-letters", "purge", "--group", "parser")
        #expect(unasked.code == 77 && unasked.error.contains("--yes"), "\(unasked)")
        let some = try await broker.barid(
            "dead-letters", "purge", "--type", "news.test.happened.*", "--yes", "--json")
        #expect(some.code == 0 && some.output.contains("\"removed\":2"), "\(some)")
        let all = try await broker.barid("dead-letters", "purge", "--all", "-y")
        #expect(all.output.contains("1 dead letter purged"), "\(all)")
        let none = try await broker.barid("dead-letters", "list")
        #expect(none.code == 0 && none.output.contains("No dead letters"))
    }

    /// A command that changes something wants to be told what.
    @Test(arguments: [
        ["purge"], ["purge", "--all", "1"], ["show"], ["list", "--limit", "-1"],
        ["show", "0"], ["list", "--after", "x"],
    ])
    func refusesWrongUsage(arguments: [String]) async throws {
        let process = try RunningProcess("barid", ["dead-letters"] + arguments)
        #expect(try await process.ended() == 64, "\(process.error)")
    }

    @Test func quotesWordsForAShell() {
        #expect(ShellWord.quoted("news.test.v1") == "news.test.v1")
        #expect(ShellWord.quoted("news.>") == "'news.>'")
        #expect(ShellWord.quoted("it's") == "'it'\\''s'")
        #expect(ShellWord.quoted("") == "''")
    }
}
