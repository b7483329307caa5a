public import BaridProof

/// What a run of the simulation came to.
public struct SimulationRun: Sendable {
    /// What was found, by the name of the check.
    public struct Finding: Sendable {
        /// The check: one of ``HistoryCheck``, or one of the simulation's own.
        public var name: String
        /// What happened, with the lines that show it.
        public var statement: String
    }

    /// The seed that gives the same run again.
    public var seed: UInt64
    /// What happened in it, one by one.
    public var steps: Int
    /// Times the broker or its machine died.
    public var crashes: Int
    /// How often what happened.
    public var counts: HistoryReport.Counts
    /// Everything that broke a promise.
    public var findings: [Finding]
    /// Equal for equal runs.
    public var digest: UInt64
    /// Line by line, when it was asked for.
    public var trace: [String]

    /// Runs a seed.
    ///
    /// - Parameters:
    ///   - seed: Decides everything.
    ///   - mutant: Name of a planted fault, one of ``mutants``; `nil` for none.
    ///   - isTracing: Whether ``trace`` is wanted.
    public init(seed: UInt64, mutant: String? = nil, isTracing: Bool = false) {
        let planted = Mutants.all.first { $0.name == mutant } ?? Mutant()
        let world = World(seed: seed, mutant: planted, isTracing: isTracing)
        world.run()
        defer { world.end() }
        let report = HistoryChecker.check(world.recorder.history)
        self.seed = seed
        steps = world.timeline.steps
        crashes = world.host.crashes
        counts = report.counts
        digest = world.recorder.digest.value
        trace = world.recorder.trace
        findings = world.recorder.failures.map { Finding(name: $0.name, statement: $0.statement) }
        // A run that the broker ended early has no dumps to hold it to.
        if !world.host.isRefused {
            findings += report.violations.map {
                Finding(name: $0.check.rawValue, statement: $0.description)
            }
        }
    }

    /// A planted fault.
    public struct PlantedFault: Sendable {
        /// Its name.
        public var name: String
        /// The checks of which one has to notice it.
        public var noticedBy: Set<String>
    }

    /// All planted faults.
    public static var mutants: [PlantedFault] {
        Mutants.all.map { PlantedFault(name: $0.name, noticedBy: $0.noticedBy) }
    }
}
