/// What a proof came to: what was done, what was seen, and every promise that was not kept.
public struct Verdict: Sendable {
    /// The seed: the same one gives the same plan of faults and the same events.
    public var seed: UInt64
    /// Faults by kind.
    public var faults: [Fault.Kind: Int] = [:]
    /// How long the faults went on.
    public var elapsed = Duration.zero
    /// Events with a receipt.
    public var acknowledged = 0
    /// Events whose receipt did not come, and which may be stored or not.
    public var unknown = 0
    /// Acknowledged events that are not in the log.
    public var lost = 0
    /// Deliveries beyond the first of an event: at-least-once, as promised.
    public var duplicated = 0
    /// Deliveries in all.
    public var delivered = 0
    /// Settlements under a token that was not good any more, refused.
    public var stale = 0
    /// Effects of the workers' work, where it has any.
    public var effects = 0
    /// Events given up with a reason.
    public var deadLetters = 0
    /// Ids of these.
    public var deadLettered: [String] = []
    /// From the start of a broker after a kill to the moment at which it serves.
    public var recoveries = Durations()
    /// From the kill of a worker to the next delivery of what it held.
    public var redeliveries = Durations()
    /// From each publish to the first delivery of its event.
    public var latencies: [Latency] = []
    /// The most memory that the broker used, in bytes.
    public var brokerBytes: Int64 = 0
    /// Each broken promise: the check's name, and what happened.
    public var violations: [Violation] = []
    /// Whether it was stopped before its time; what was done until then is checked all the same.
    public var wasInterrupted = false
    /// Where histories, logs and data are.
    public var folder = ""

    /// How long an event took.
    public struct Latency: Sendable, Hashable {
        /// When it was published, in the time of histories: ``ProofStage/time``.
        public var published: Int64
        /// From then to its first delivery.
        public var time: Duration
    }

    /// A promise that was not kept.
    public struct Violation: Sendable, Hashable {
        /// Name of the check, such as `durability`.
        public var check: String
        /// What happened, with names and, where there are some, lines of the history.
        public var statement: String
    }

    /// A verdict without findings yet.
    ///
    /// - Parameter seed: The seed.
    public init(seed: UInt64) { self.seed = seed }

    /// Whether every promise was kept.
    public var isProven: Bool { violations.isEmpty }

    /// How many processes were killed.
    public var kills: Int {
        [Fault.Kind.killBroker, .killWorker, .killPublisher].reduce(0) {
            $0 + faults[$1, default: 0]
        }
    }

    /// The verdict in a line: "acked 5210, lost 0, duplicated 31, ...".
    public var summary: String {
        [
            "acked \(acknowledged)", "lost \(lost)", "duplicated \(duplicated)",
            "worst redelivery \(Self.text(redeliveries.longest))",
            "recovery p50 \(Self.text(recoveries.median)) max \(Self.text(recoveries.longest))",
        ].joined(separator: ", ")
    }

    /// A duration for people; a dash for none.
    public static func text(_ duration: Duration?) -> String {
        guard let duration else { return "-" }
        let milliseconds = duration.milliseconds
        guard milliseconds >= 1_000 else { return "\(milliseconds) ms" }
        return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
    }
}
