internal import BaridProof

extension Verdict {
    /// Checks a history and takes over what it shows.
    mutating func judge(_ history: History, shifts: [Crew.Shift]) {
        let report = HistoryChecker.check(history)
        acknowledged = report.counts.acknowledged
        unknown = report.counts.unknown
        lost = report.counts.lost
        duplicated = report.counts.redelivered
        delivered = report.counts.delivered
        stale = report.counts.stale
        deadLetters = report.counts.deadLetters
        for violation in report.violations {
            violations.append(
                Violation(check: violation.check.rawValue, statement: violation.description))
        }
        measureRedeliveries(history, shifts)
    }

    /// From each kill of a worker to the next delivery of what it held then.
    private mutating func measureRedeliveries(_ history: History, _ shifts: [Crew.Shift]) {
        var waiting: [String: Int64] = [:]
        let kills = shifts.compactMap { shift in shift.killed.map { (shift.name, $0) } }
            .filter { $0.0.hasPrefix("worker") }.sorted { $0.1 < $1.1 }
        var next = kills[...]
        var held: [String: Set<String>] = [:]
        for entry in history.entries {
            while let (name, time) = next.first, time <= entry.time {
                next = next.dropFirst()
                for event in held.removeValue(forKey: name) ?? [] { waiting[event] = time }
            }
            switch entry.operation {
            case .deliver:
                if let since = waiting.removeValue(forKey: entry.event) {
                    redeliveries.add(.nanoseconds(entry.time - since))
                }
                held[entry.actor, default: []].insert(entry.event)
            case .ackTry: held[entry.actor]?.remove(entry.event)
            default: break
            }
        }
    }
}
