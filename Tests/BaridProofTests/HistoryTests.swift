import BaridProof
import TestSupport
import Testing

/// Protocols/5-history, "Lines".
@Suite struct HistoryTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func aHistoryReadsBackAsWritten(seed: UInt64) throws {
        let history = GoodHistory(seed: seed).history
        var copy = History()
        try copy.add(lines: Array(history.lines.utf8), file: "test")
        #expect(copy == history)
    }

    @Test func everyFieldIsWritten() throws {
        let entry = HistoryEntry(.deliver, time: -5, actor: "w \"1\"\\\n\u{1}") {
            $0.event = "بريد/١"
            $0.hash = "h"
            $0.key = "k"
            $0.type = "t"
            $0.topic = "articles"
            $0.group = "g"
            $0.types = ["a.*", "b.>"]
            $0.session = "s"
            $0.token = .init(epoch: 3, turn: 5, attempt: 7)
            $0.how = .release
            $0.offset = 9
            $0.last = 10
            $0.revision = 11
            $0.replay = 12
            $0.duplicate = true
            $0.lease = 13
            $0.sent = 14
            $0.from = -15
            $0.name = "n"
            $0.value = 16
            $0.result = "r"
        }
        #expect(try read(entry.json) == entry)
    }

    @Test(arguments: HistoryEntry.Operation.allCases)
    func theWordsOfThePageAreTheWordsOfTheCode(operation: HistoryEntry.Operation) throws {
        let page = try Repository.text(of: "Protocols/5-history.md")
        #expect(page.contains("`\(operation.rawValue)`"), "\(operation)")
    }

    @Test(arguments: HistoryCheck.allCases)
    func thePageNamesEveryCheck(check: HistoryCheck) throws {
        #expect(try Repository.text(of: "Protocols/5-history.md").contains("**\(check.rawValue)**"))
    }

    @Test func escapesAndUnknownFieldsAreRead() throws {
        let line =
            #"{ "t_mono":1, "actor":"a\u0628\ud83d\ude00\/\t", "op":"end", "x":1.5, "y":null }"#
        #expect(try read(line).actor == "aب😀/\t")
    }

    @Test(arguments: [
        ("", HistoryError.Reason.syntax(column: 1)),
        ("{", .syntax(column: 2)),
        (#"{"t_mono":1,"op":"end"} x"#, .syntax(column: 25)),
        (#"{"t_mono":1,"op":"end""#, .syntax(column: 23)),
        (#"{"t_mono":1,"op":{"a":1}}"#, .syntax(column: 18)),
        (#"{"t_mono":1,"op":"\ud800"}"#, .syntax(column: 25)),
        (#"{"op":"end"}"#, .missing("t_mono")),
        (#"{"t_mono":1}"#, .missing("op")),
        (#"{"t_mono":1,"op":"dance"}"#, .operation("dance")),
        (#"{"t_mono":"1","op":"end"}"#, .kind("t_mono", "an integer")),
        (#"{"t_mono":1,"op":"log","event_id":"e","hash":"h"}"#, .missing("offset")),
        (#"{"t_mono":1,"op":"log","offset":-1}"#, .kind("offset", "an integer of at least 0")),
        (#"{"t_mono":1,"op":"deliver","epoch":1}"#, .missing("attempt")),
        (#"{"t_mono":1,"op":"ack_try","how":"eat"}"#, .value("how", "eat")),
        (#"{"t_mono":1,"op":"group","group":"g","types":["a..b"]}"#, .value("types", "a..b")),
    ])
    func aBadLineIsRefused(line: String, reason: HistoryError.Reason) {
        #expect(throws: reason) { try read(line) }
    }

    @Test func theBadLineIsNamed() {
        let text = """
            {"t_mono":0,"actor":"t","op":"history","value":1}

            {"t_mono":1,"actor":"t","op":"heal"}
            {"t_mono":2,"actor":"t","op":"pub_try","event_id":"e"}
            """
        var history = History()
        #expect(throws: HistoryError(file: "a.jsonl", line: 4, reason: .missing("hash"))) {
            try history.add(lines: Array(text.utf8), file: "a.jsonl")
        }
        #expect(history.entries.isEmpty)
    }

    @Test func aFileOfAnotherKindOrVersionIsRefused() {
        var history = History()
        let end = HistoryEntry(.end, time: 0, actor: "t").json
        #expect(throws: HistoryError(file: "f", line: 1, reason: .version(nil))) {
            try history.add(lines: Array(end.utf8), file: "f")
        }
        let newer = HistoryEntry(.history, time: 0, actor: "t") { $0.value = 2 }.json
        #expect(throws: HistoryError(file: "f", line: 1, reason: .version(2))) {
            try history.add(lines: Array(newer.utf8), file: "f")
        }
    }

    private func read(_ line: String) throws(HistoryError.Reason) -> HistoryEntry {
        let bytes = Array(line.utf8)
        let result: Result<HistoryEntry, HistoryError.Reason> = bytes.withUnsafeBytes { bytes in
            do throws(HistoryError.Reason) {
                return .success(try HistoryEntry(json: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
