internal import BaridProof
internal import Foundation

/// A proof: publishers and workers at work, faults by plan, and then the check of what all saw.
public struct ProofRun: Sendable {
    /// How far a proof is.
    public struct Progress: Sendable {
        /// What it is doing, in a few words.
        public var phase: String
        /// Since its beginning.
        public var elapsed: Duration
        /// Faults so far.
        public var faults: Int
    }

    /// What goes wrong, in which order.
    public typealias Script = @Sendable (inout ProofStage) async throws -> Void

    private let configuration: ProofConfiguration
    let arena: Arena
    private let stop: StopFlag
    private let report: @Sendable (Progress) -> Void

    /// A proof in an arena whose broker does not run yet.
    ///
    /// - Parameters:
    ///   - configuration: What it does.
    ///   - arena: Where.
    ///   - stop: Ends the faults before their time; what happened until then is checked.
    ///   - report: Told about progress, some ten times a second at most.
    public init(
        _ configuration: ProofConfiguration, in arena: Arena, stop: StopFlag = StopFlag(),
        report: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.arena = arena
        self.stop = stop
        self.report = report
    }

    /// Runs it.
    ///
    /// - Parameter script: What goes wrong; nil is the plan that follows from the seed.
    /// - Returns: The verdict; a broker that does not come back or does not stop is a violation.
    /// - Throws: `RPCError` or `HistoryError` when the histories cannot be read, ``NeverHappened``
    ///   when the broker does not start, and what the script throws.
    public func run(_ script: Script? = nil) async throws -> Verdict {
        var stage = makeStage()
        try await arena.startBroker()
        try await stage.noteBroker()
        do {
            try await stage.begin()
            if let script {
                try await script(&stage)
            } else {
                try await followPlan(&stage)
            }
            stage.verdict.wasInterrupted = stop.isSet
            // A fault of the last moment is to be got over under load as well.
            if !stop.isSet { try await stage.pass(.milliseconds(500)) }
            stage.verdict.elapsed = ContinuousClock.now - stage.began
            let healed = MonotonicTime.now
            try await settle(&stage)
            let history = try await survey(stage, healed: healed)
            stage.verdict.judge(history, shifts: stage.crew.shifts)
            if configuration.takesEffect, stage.verdict.effects == 0 {
                stage.violate("effect", "nothing that was acked took effect")
            }
        } catch let stuck as NeverHappened {
            stage.violate("liveness", stuck.description)
        }
        return stage.verdict
    }

    func makeStage() -> ProofStage {
        ProofStage(configuration, arena: arena, stop: stop, report: report)
    }

    private func followPlan(_ stage: inout ProofStage) async throws {
        var plan = configuration.plan
        let end = configuration.duration.map { stage.began + $0 }
        while !stop.isSet, stage.faults < configuration.maximumFaults ?? .max {
            let step = plan.next()
            try await stage.pass(step.pause, until: end)
            guard end.map({ $0 > .now }) ?? true, !stop.isSet else { break }
            try await stage.inflict(step.fault)
        }
    }

    // MARK: The end

    /// No more faults: publishers finish, workers drain the group, everybody leaves in good order.
    func settle(_ stage: inout ProofStage) async throws {
        stage.tell("settling")
        for name in stage.crew.publishers { try await stage.crew.stop(name) }
        let end = ContinuousClock.now + configuration.settling
        while try await BrokerFacts(arena).lag > 0 {
            guard ContinuousClock.now < end else {
                let left = try await BrokerFacts(arena).lag
                throw NeverHappened(
                    description: """
                        all of it done within \(configuration.settling.inSeconds) s of the last \
                        fault; \(left) events are neither done nor dead letters
                        """)
            }
            stage.measure()
            stage.tell("settling")
            try await stage.crew.revive()
            try await Task.sleep(for: .milliseconds(100))
        }
        for name in stage.crew.workers { try await stage.crew.stop(name) }
        // Read by the next process: what counts is on the disk.
        let stopped = try await arena.stopBroker()
        guard stopped.status == 0 else {
            throw NeverHappened(
                description: """
                    an end with 0 of a broker without work; it was \(stopped.status): \
                    \(stopped.lastLines.joined(separator: " | "))
                    """)
        }
        stage.tell("checking")
        try await arena.startBroker()
    }

    func survey(_ stage: ProofStage, healed: Int64) async throws -> History {
        let survey = Survey(arena: arena, limits: configuration.allLimits)
        return try await survey.history(
            shifts: stage.crew.shifts, earlierEpochs: stage.earlierEpochs, healed: healed,
            samples: stage.samples)
    }
}
