import BaridChaos
import Foundation

/// The rows as they come, a line each, on standard output and in a file.
struct SummaryTable {
    private(set) var failed = 0
    private var passed = 0
    private var skipped = 0
    private let file: FileHandle?
    private let began = ContinuousClock.now

    init(file path: String) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = FileHandle(forWritingAtPath: path)
    }

    func begin(isFull: Bool, seed: UInt64) {
        let counts = isFull ? "full counts" : "short counts"
        line("# \(Date.now.formatted(.iso8601)), \(counts), seed \(seed)")
        line(
            Self.columns([
                "row", "fault", "faults", "acked", "lost", "dup", "rec p50", "rec max", "s", "",
            ]))
    }

    mutating func add(_ ended: ChaosRig.Ended) {
        let row = ended.row
        let seconds = "\(ended.took.components.seconds)"
        switch ended.result {
        case .skipped(let reason):
            skipped += 1
            line(
                Self.columns([
                    row.id, row.name, "", "", "", "", "", "", seconds, "skipped: \(reason)",
                ]))
        case .broken(let error):
            failed += 1
            line(
                Self.columns([
                    row.id, row.name, "", "", "", "", "", "", seconds, "FAILED: \(error)",
                ]))
        case .done(let outcome):
            let isGood = ended.result.isGood(for: row)
            if isGood { passed += 1 } else { failed += 1 }
            var word = isGood ? "ok" : "FAILED"
            if !row.mustBreak.isEmpty { word = isGood ? "caught" : "FAILED: nothing noticed it" }
            if !outcome.note.isEmpty { word += ", \(outcome.note)" }
            line(
                Self.columns([
                    row.id, row.name, "\(outcome.kills)", "\(outcome.acknowledged)",
                    "\(outcome.lost)", "\(outcome.duplicated)",
                    Verdict.text(outcome.recoveries.median),
                    Verdict.text(outcome.recoveries.longest), seconds, word,
                ]))
            guard !isGood else { return }
            for violation in outcome.violations.prefix(5) {
                for part in violation.split(separator: "\n") { line("    \(part)") }
            }
            line("    evidence: \(ended.folder)")
        }
    }

    func end(wasInterrupted: Bool, work: String) {
        let seconds = (ContinuousClock.now - began).components.seconds
        line(
            "# \(passed) passed, \(failed) failed, \(skipped) skipped, \(seconds) s"
                + (wasInterrupted ? ", interrupted" : ""))
        if failed > 0 {
            line("# histories and logs are in \(work); again: Scripts/chaos [--full] ROW")
        }
    }

    private func line(_ text: String) {
        print(text)
        // A line at a time, so that whoever watches a long run sees it.
        fflush(nil)
        try? file?.write(contentsOf: Data("\(text)\n".utf8))
    }

    private static func columns(_ words: [String]) -> String {
        let widths = [9, 34, 6, 9, 4, 7, 8, 8, 5, 0]
        let parts = zip(words, widths).map { word, width in
            word + String(repeating: " ", count: max(0, width - word.count))
        }
        return parts.joined(separator: " ").trimmingCharacters(in: .whitespaces)
    }
}
