/// What a proof does, and for how long.
public struct ProofConfiguration: Sendable {
    /// Decides about faults, keys, orders and bodies.
    public var seed: UInt64
    /// How long faults go on; nil for no limit.
    public var duration: Duration?
    /// How many faults there are; nil for no limit.
    ///
    /// The default is no limit.
    public var maximumFaults: Int?
    /// Publisher processes.
    ///
    /// The default is 2.
    public var publishers = 2
    /// Worker processes.
    ///
    /// The default is 3: one is killed, two go on.
    public var workers = 3
    /// Events a second of each publisher.
    ///
    /// The default is 300: enough that a commit holds several events, few enough that a laptop
    /// keeps up with the history.
    public var rate = 300
    /// Deliveries a worker has room for.
    ///
    /// The default is 32.
    public var credit: UInt32 = 32
    /// Lease of a delivery.
    ///
    /// The default is 3 s: longer than any work here, short enough that a pause outlasts it.
    public var lease = Duration.seconds(3)
    /// What the events are like.
    public var traffic: Traffic
    /// What the plan of faults is made of; its numbers of processes are set from this.
    public var recipe: FaultPlan.Recipe
    /// How long everything may take to come to an end once the faults are over.
    ///
    /// The default is 200 s: an event that failed four times waits 2 min for its fifth attempt.
    public var settling = Duration.seconds(200)
    /// After so many failed attempts an event is a dead letter.
    ///
    /// The default is 1,000, the most: what a plan of faults does to an event is not its fault.
    public var maximumDeliveries: UInt32 = 1_000
    /// Whether what workers ack has an effect that is checked: not of an earlier version's workers.
    ///
    /// The default is false.
    public var takesEffect = false
    /// Whether workers ack before that, as none may: for a proof that has to fail.
    ///
    /// The default is false.
    public var acksTooEarly = false
    /// Bounds on the broker, by name: `rss_bytes`, `fds`.
    ///
    /// The default is none.
    public var limits: [String: Int64] = [:]

    /// A proof with every default.
    ///
    /// - Parameters:
    ///   - seed: Decides about faults, keys, orders and bodies.
    ///   - duration: How long faults go on.
    public init(seed: UInt64, duration: Duration?) {
        self.seed = seed
        self.duration = duration
        traffic = Traffic(seed: seed)
        recipe = FaultPlan.Recipe(workers: workers, publishers: publishers)
    }

    /// The plan that follows.
    public var plan: FaultPlan {
        var recipe = recipe
        recipe.workers = workers
        recipe.publishers = publishers
        return FaultPlan(seed: seed, recipe: recipe)
    }

    /// The limits of its history: those on the broker, and what the checker has to know.
    var allLimits: [String: Int64] {
        var all = limits
        all["liveness_ns"] = settling.milliseconds * 1_000_000
        // The broker's default: that many events back, a repeat is recognised for certain.
        all["identity_window"] = 131_072
        return all
    }

    /// The group of the workers.
    static let group = "prover"
}
