internal import Foundation

extension ProofRun {
    /// Runs under load, cuts the power, goes on with what was on the disk, and checks all of it.
    ///
    /// What actors saw after the cut did not happen: only what they had been told before it counts.
    ///
    /// - Parameters:
    ///   - load: How long publishers and workers are at work before.
    ///   - snapshot: Copies what is on the disk at one instant.
    ///   - goOn: Puts that copy in the place of the data folder; all processes are dead by then.
    /// - Returns: The verdict.
    /// - Throws: As ``run(_:)``, and what the two closures throw.
    public func runThroughCut(
        after load: Duration, snapshot: @Sendable () throws -> Void,
        goOn: @Sendable () throws -> Void
    ) async throws -> Verdict {
        var stage = makeStage()
        try await arena.startBroker()
        do {
            try await stage.begin()
            try await stage.pass(load)
            let cut = MonotonicTime.now
            try snapshot()
            stage.crew.cutPower(at: cut)
            for name in stage.crew.publishers + stage.crew.workers + [Arena.broker] {
                try await arena.fleet.kill(name)
            }
            try goOn()
            stage.count(.killBroker)
            try await stage.recover()
            for name in stage.crew.workers { try await stage.crew.start(name) }
            let healed = MonotonicTime.now
            try await settle(&stage)
            let history = try await survey(stage, healed: healed)
            stage.verdict.judge(history, shifts: stage.crew.shifts)
        } catch let stuck as NeverHappened {
            stage.violate("liveness", stuck.description)
        }
        return stage.verdict
    }
}
