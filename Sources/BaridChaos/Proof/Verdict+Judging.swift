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
        effects = report.counts.effects
        deadLetters = report.counts.deadLetters
        deadLettered = history.entries.filter { $0.operation == .deadLetter }.map(\.event)
        for violation in report.violations {
            violations.append(
                Violation(check: violation.check.rawValue, statement: violation.description))
        }
        measureRedeliveries(history, shifts)
        var meter = LatencyMeter()
        for entry in history.entries { meter.add(entry) }
        latencies = meter.latencies
    }

    /// From each kill of a worker to the next delivery of what it held then.
    private mutating func measureRedeliveries(_ history: History, _ shifts: [Crew.Shift]) {
        var waiting: [String: Int64] = [:]
        var kills: [(name: String, time: Int64)] = []
        for shift in shifts where shift.name.hasPrefix("worker") {
            if let time = shift.killed { kills.append((shift.name, time)) }
        }
        kills.sort { $0.time < $1.time }
        var next = 0
        var held: [String: Set<String>] = [:]
        for entry in history.entries.sorted(by: { $0.time < $1.time }) {
            while next < kills.count, kills[next].time <= entry.time {
                for event in held.removeValue(forKey: kills[next].name) ?? [] {
                    waiting[event] = kills[next].time
                }
                next += 1
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
