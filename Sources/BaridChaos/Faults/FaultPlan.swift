/// Which faults come, and after which pauses: a function of the seed and nothing else.
///
/// The pauses count from the moment at which the last fault was got over, so that a slow machine
/// meets the same faults in the same order. What the processes are doing at that moment is chance.
public struct FaultPlan: Sendable {
    /// What plans are made of.
    public struct Recipe: Sendable, Hashable {
        /// Kinds and how often each comes in proportion to the others.
        public var weights: [Fault.Kind: Int]
        /// Shortest and longest pause before a fault.
        public var pause: ClosedRange<Duration>
        /// Processes that can be hit.
        public var workers: Int
        /// Processes that can be hit.
        public var publishers: Int
        /// How long a worker's pause lasts; longer than its lease.
        public var workerPause: ClosedRange<Duration>
        /// How long a broker's pause lasts; from 2 s on, leases do not run in it.
        public var brokerPause: ClosedRange<Duration>
        /// How long the disk has too little room.
        public var floorTime: ClosedRange<Duration>

        /// A recipe with every kind of fault.
        ///
        /// - Parameters:
        ///   - weights: Kinds and their weights. The default is kills above all.
        ///   - pause: Shortest and longest pause before a fault. The default is 0.2 s to 2 s.
        ///   - workers: Worker processes.
        ///   - publishers: Publisher processes.
        public init(
            weights: [Fault.Kind: Int] = Recipe.standardWeights,
            pause: ClosedRange<Duration> = .milliseconds(200)...(.seconds(2)),
            workers: Int, publishers: Int
        ) {
            self.weights = weights
            self.pause = pause
            self.workers = workers
            self.publishers = publishers
            workerPause = .milliseconds(3_500)...(.milliseconds(4_500))
            brokerPause = .milliseconds(500)...(.milliseconds(4_000))
            floorTime = .milliseconds(500)...(.milliseconds(2_000))
        }

        /// Kills above all; pauses cost seconds, so they are rarer.
        public static let standardWeights: [Fault.Kind: Int] = [
            .killBroker: 6, .pauseBroker: 1, .restartBroker: 2, .killWorker: 6, .pauseWorker: 1,
            .restartWorker: 2, .killPublisher: 2,
        ]
    }

    /// A fault and the pause before it.
    public struct Step: Sendable, Hashable {
        /// How long to wait after the last fault was got over.
        public var pause: Duration
        /// The fault.
        public var fault: Fault
    }

    private let recipe: Recipe
    private var numbers: SeededNumbers

    /// The plan that follows from a seed.
    ///
    /// - Parameters:
    ///   - seed: Any number.
    ///   - recipe: What it is made of; at least one weight is above zero.
    public init(seed: UInt64, recipe: Recipe) {
        self.recipe = recipe
        numbers = SeededNumbers(seed: seed)
    }

    /// The next step; a plan has no end.
    public mutating func next() -> Step {
        let pause = numbers.duration(in: recipe.pause)
        // In the order of the cases: a dictionary has none that a seed could rely on.
        let kinds = Fault.Kind.allCases.flatMap { kind in
            Array(repeating: kind, count: max(0, recipe.weights[kind] ?? 0))
        }
        let chosen = Int(clamping: numbers.below(UInt64(kinds.count)))
        let kind = chosen < kinds.count ? kinds[chosen] : .killBroker
        return Step(pause: pause, fault: fault(of: kind))
    }

    private mutating func fault(of kind: Fault.Kind) -> Fault {
        switch kind {
        case .killBroker: .killBroker
        case .pauseBroker: .pauseBroker(numbers.duration(in: recipe.brokerPause))
        case .restartBroker: .restartBroker
        case .killWorker: .killWorker(one(of: recipe.workers))
        case .pauseWorker:
            .pauseWorker(one(of: recipe.workers), numbers.duration(in: recipe.workerPause))
        case .restartWorker: .restartWorker(one(of: recipe.workers))
        case .killPublisher: .killPublisher(one(of: recipe.publishers))
        case .diskFloor: .diskFloor(numbers.duration(in: recipe.floorTime))
        }
    }

    /// A process' number, from 1.
    private mutating func one(of count: Int) -> Int {
        1 + Int(clamping: numbers.below(UInt64(clamping: max(1, count))))
    }
}
