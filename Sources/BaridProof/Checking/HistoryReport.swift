/// What checking a history gave.
public struct HistoryReport: Sendable, Equatable {
    /// How often things happened.
    public struct Counts: Sendable, Equatable {
        /// Publishes tried, outputs of acks included.
        public var tried = 0
        /// Publishes with a receipt.
        public var acknowledged = 0
        /// Publishes refused.
        public var refused = 0
        /// Publishes whose fate is not known, and those of them that are stored.
        public var unknown = 0
        /// Of the unknown, those that are stored.
        public var unknownStored = 0
        /// Events in the log.
        public var stored = 0
        /// Deliveries.
        public var delivered = 0
        /// Of these, the ones that were not an event's first in its group.
        public var redelivered = 0
        /// Acks that became durable.
        public var acked = 0
        /// Settlements that changed nothing.
        public var stale = 0
        /// Dead letters at the end.
        public var deadLetters = 0
        /// Effects.
        public var effects = 0
        /// Acknowledged events that are not in the log.
        public var lost = 0

        /// Creates counts of zero.
        public init() {}
    }

    /// How often things happened.
    public var counts = Counts()
    /// The violations, at most ``HistoryChecker/maximumViolations`` of each check.
    public var violations: [HistoryViolation] = []
    /// How many there are of each check, the ones not kept included.
    public var totals: [HistoryCheck: Int] = [:]

    /// Whether every promise was kept.
    public var isGood: Bool { violations.isEmpty }

    /// The checks that failed, in their order.
    public var failed: [HistoryCheck] {
        HistoryCheck.allCases.filter { totals[$0, default: 0] > 0 }
    }

    mutating func add(
        _ check: HistoryCheck, _ statement: String, _ evidence: [HistoryEntry]
    ) {
        totals[check, default: 0] += 1
        guard totals[check, default: 0] <= HistoryChecker.maximumViolations else { return }
        violations.append(
            HistoryViolation(check: check, statement: statement, evidence: evidence))
    }
}
