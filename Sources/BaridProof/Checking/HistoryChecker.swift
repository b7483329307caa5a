/// Holds a history to the ten checks.
///
/// A pure function of the history, in O(n log n). It knows nothing of how a broker works; it
/// only knows what Protocols/2-bus promises, and Protocols/5-history says how each promise shows.
public struct HistoryChecker {
    /// The most violations of one check that a report keeps; all of them are counted.
    ///
    /// 20 is more than anybody reads.
    public static let maximumViolations = 20

    let index: HistoryIndex
    var report = HistoryReport()

    private init(_ history: History) {
        index = HistoryIndex(history)
    }

    /// Checks a history.
    ///
    /// - Parameter history: A whole run: one without the operation `end` is reported as stuck,
    ///   because what is missing in it may only not have happened yet.
    /// - Returns: The violations, and how often what happened.
    public static func check(_ history: History) -> HistoryReport {
        var checker = HistoryChecker(history)
        checker.checkStorage()
        checker.checkDuties()
        checker.checkLeases()
        checker.checkEffects()
        checker.checkBounds()
        checker.count()
        return checker.report
    }

    func entries(_ numbers: [Int]) -> [HistoryEntry] {
        numbers.sorted().map { index.entries[$0] }
    }

    mutating func violate(_ check: HistoryCheck, _ statement: String, _ numbers: [Int]) {
        report.add(check, statement, entries(numbers))
    }

    private mutating func checkBounds() {
        for number in index.samples {
            let sample = index.entries[number]
            guard let limit = index.limit(sample.name, of: sample.actor), sample.value > limit
            else { continue }
            violate(
                .bounds, "\(sample.name) of \(sample.actor) is \(sample.value), above \(limit)",
                [number])
        }
    }

    private mutating func count() {
        var counts = HistoryReport.Counts()
        counts.lost = report.totals[.durability, default: 0]
        for event in index.events {
            counts.stored += event.stored.isEmpty ? 0 : 1
            for attempt in event.tries {
                counts.tried += 1
                switch attempt.answer.map({ index.entries[$0].operation }) {
                case .publishOK: counts.acknowledged += 1
                case .publishError: counts.refused += 1
                default:
                    counts.unknown += 1
                    counts.unknownStored += event.stored.isEmpty ? 0 : 1
                }
            }
        }
        for duty in index.duties {
            counts.delivered += duty.deliveries.count
            counts.redelivered += max(0, duty.deliveries.count - 1)
            counts.effects += duty.effects.count
            counts.deadLetters += duty.deadLetter == nil ? 0 : 1
            for number in duty.settlements {
                let entry = index.entries[number]
                if entry.operation == .ackStale { counts.stale += 1 }
                if entry.operation == .ackOK, entry.how == .ack { counts.acked += 1 }
            }
        }
        report.counts = counts
    }
}
