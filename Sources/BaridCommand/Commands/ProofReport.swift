import BaridChaos
import Foundation
import Synchronization

/// What `barid prove` shows while it works and at the end.
final class ProofReport: Sendable {
    private let output: Console
    private let minutes: Double
    /// Whether a line of progress stands on the terminal.
    private let isShown = Mutex(false)

    init(output: Console, minutes: Double) {
        self.output = output
        self.minutes = minutes
    }

    func begin(_ proof: ProofConfiguration, folder: String) {
        let time = Formats.duration(Int64((minutes * 60).rounded()))
        output.line("Proving for \(time) in \(output.words(folder)), seed \(proof.seed)")
    }

    /// A line of progress, where a person looks.
    func show(_ progress: ProofRun.Progress) {
        let console = Console.error
        guard console.isTerminal else { return }
        let seconds = progress.elapsed.components.seconds
        isShown.withLock { $0 = true }
        console.write(
            "\r\(Formats.duration(seconds)), \(Formats.count(progress.faults, "fault")): "
                + "\(progress.phase)\u{1B}[K")
    }

    func note(_ text: String) {
        clear()
        Console.error.line(text)
    }

    func clear() {
        isShown.withLock { isShown in
            if isShown { Console.error.write("\r\u{1B}[K") }
            isShown = false
        }
    }

    func end(_ verdict: Verdict) {
        let faults = Self.faults(verdict).map { "\($0.1) x \($0.0)" }
        output.line("faults   \(faults.isEmpty ? "none" : faults.joined(separator: ", "))")
        output.line("seen     \(verdict.summary)")
        output.line(
            "         \(verdict.unknown) unknown, \(verdict.stale) stale refused, "
                + "\(verdict.deadLetters) dead letters, broker at most "
                + "\(Formats.bytes(UInt64(clamping: verdict.brokerBytes)))")
        if verdict.isProven {
            let word = verdict.wasInterrupted ? "no promise broken until here" : "PROVEN"
            output.line("verdict  \(output.styled(word, .green))")
        } else {
            let names = Set(verdict.violations.map(\.check)).sorted().joined(separator: ", ")
            output.line("verdict  \(output.styled("VIOLATED", .red)): \(names)")
            for violation in verdict.violations.prefix(5) {
                for line in violation.statement.split(separator: "\n") {
                    output.line("         \(output.words(String(line)))")
                }
            }
            if verdict.violations.count > 5 {
                output.line("         and \(verdict.violations.count - 5) more")
            }
        }
        output.line("again    barid prove --seed \(verdict.seed) --minutes \(number(minutes))")
        output.line("history  \(output.words(verdict.folder))/history")
    }

    func json(_ verdict: Verdict) -> String {
        var text = JSONText()
        text.add("verdict", verdict.isProven ? "proven" : "violated")
        text.add("interrupted", verdict.wasInterrupted)
        text.add("seed", verdict.seed)
        text.add("seconds", Int64(verdict.elapsed.components.seconds))
        var faults = JSONText()
        for (name, count) in Self.faults(verdict) { faults.add(name, count) }
        text.add("faults", json: faults.text)
        for (name, value) in [
            ("acked", verdict.acknowledged), ("unknown", verdict.unknown),
            ("lost", verdict.lost), ("delivered", verdict.delivered),
            ("duplicated", verdict.duplicated), ("stale", verdict.stale),
            ("dead_letters", verdict.deadLetters),
        ] { text.add(name, value) }
        for (name, value) in [
            ("redelivery_p50_ms", verdict.redeliveries.median),
            ("redelivery_max_ms", verdict.redeliveries.longest),
            ("recovery_p50_ms", verdict.recoveries.median),
            ("recovery_max_ms", verdict.recoveries.longest),
        ] {
            guard let value else { continue }
            let parts = value.components
            text.add(name, parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000)
        }
        text.add("broker_bytes", verdict.brokerBytes)
        let violations = verdict.violations.map { violation in
            var text = JSONText()
            text.add("check", violation.check)
            text.add("statement", violation.statement)
            return text.text
        }
        text.add("violations", json: "[\(violations.joined(separator: ","))]")
        text.add("folder", verdict.folder)
        return text.text
    }

    private static func faults(_ verdict: Verdict) -> [(String, Int)] {
        Fault.Kind.allCases.compactMap { kind in
            verdict.faults[kind].map { (kind.rawValue, $0) }
        }
    }

    /// "1" or "0.1".
    private func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }
}
