import BaridProof

/// Lines of histories: what is read is written back the same, and the checker takes anything.
enum HistoryTarget: FuzzTarget {
    static let name = "history"

    static func take(_ bytes: [UInt8]) {
        var history = History()
        guard (try? history.add(lines: bytes, file: "fuzz")) != nil, !history.entries.isEmpty else {
            return
        }
        var again = History()
        guard (try? again.add(lines: Array(history.lines.utf8), file: "again")) != nil else {
            return expect(false, "what was written cannot be read")
        }
        expect(again == history, "what was written reads otherwise")
        _ = HistoryChecker.check(history)
    }
}
