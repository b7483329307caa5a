internal import Barid
internal import BaridProof
internal import BaridSchema
internal import Foundation
internal import GRPCCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

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

    private let configuration: ProofConfiguration
    private let arena: Arena
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
    /// - Returns: The verdict; a broker that does not come back or does not stop is a violation.
    /// - Throws: `RPCError` or `HistoryError` when the histories cannot be read, ``NeverHappened``
    ///   when the first start fails.
    public func run() async throws -> Verdict {
        var state = State(
            crew: Crew(arena: arena, proof: configuration),
            verdict: Verdict(seed: configuration.seed))
        state.verdict.folder = arena.configuration.folder
        try await arena.startBroker()
        for name in state.crew.workers + state.crew.publishers { try await state.crew.start(name) }
        do {
            try await inflict(&state)
            let healed = MonotonicTime.now
            try await settle(&state)
            let history = try await survey(state, healed: healed)
            state.verdict.judge(history, shifts: state.crew.shifts)
        } catch let stuck as NeverHappened {
            state.verdict.violations.append(
                Verdict.Violation(check: "liveness", statement: stuck.description))
        }
        return state.verdict
    }

    private struct State {
        var crew: Crew
        var verdict: Verdict
        var samples: [HistoryEntry] = []
        let began = ContinuousClock.now
        var faults = 0
    }

    // MARK: Faults

    private func inflict(_ state: inout State) async throws {
        var plan = configuration.plan
        let end = configuration.duration.map { state.began + $0 }
        while !stop.isSet, state.faults < configuration.maximumFaults ?? .max {
            let step = plan.next()
            try await pass(step.pause, until: end, &state)
            guard end.map({ $0 > .now }) ?? true, !stop.isSet else { break }
            tell("\(step.fault)", state)
            try await inflict(step.fault, &state)
            state.faults += 1
            state.verdict.faults[step.fault.kind, default: 0] += 1
        }
        state.verdict.wasInterrupted = stop.isSet
        // A fault of the last moment is to be got over under load as well.
        if !stop.isSet { try await pass(.milliseconds(500), until: nil, &state) }
        state.verdict.elapsed = ContinuousClock.now - state.began
    }

    /// Lets time pass; measures the broker, and starts again whom poison killed.
    private func pass(
        _ time: Duration, until end: ContinuousClock.Instant?, _ state: inout State
    ) async throws {
        var rest = time
        while rest > .zero, !stop.isSet, end.map({ $0 > .now }) ?? true {
            let part = min(rest, .milliseconds(200))
            try await Task.sleep(for: part)
            rest -= part
            measure(&state)
            tell("publishing", state)
            try await state.crew.revive()
        }
    }

    private func inflict(_ fault: Fault, _ state: inout State) async throws {
        switch fault {
        case .killBroker:
            try await arena.fleet.kill(Arena.broker)
            state.verdict.recoveries.add(try await arena.startBroker())
        case .pauseBroker(let time):
            arena.fleet.signal(SIGSTOP, Arena.broker)
            try await Task.sleep(for: time)
            arena.fleet.signal(SIGCONT, Arena.broker)
        case .restartBroker:
            let end = try await arena.stopBroker()
            if end.status != 0 {
                state.verdict.violations.append(
                    Verdict.Violation(
                        check: "drain",
                        statement: """
                            the broker ended with \(end.status) when it was told to stop: \
                            \(end.lastLines.joined(separator: " | "))
                            """))
            }
            state.verdict.recoveries.add(try await arena.startBroker())
        case .killWorker(let number): try await state.crew.kill("worker-\(number)")
        case .pauseWorker(let number, let time):
            arena.fleet.signal(SIGSTOP, "worker-\(number)")
            try await Task.sleep(for: time)
            arena.fleet.signal(SIGCONT, "worker-\(number)")
        case .restartWorker(let number): try await state.crew.restart("worker-\(number)")
        case .killPublisher(let number): try await state.crew.kill("publisher-\(number)")
        }
    }

    private func measure(_ state: inout State) {
        guard let process = arena.fleet.process(Arena.broker),
            let measure = ProcessMeasure(process)
        else { return }
        state.verdict.brokerBytes = max(state.verdict.brokerBytes, measure.residentBytes)
        for (name, value) in [
            ("rss_bytes", measure.residentBytes), ("fds", measure.descriptors),
        ] where configuration.limits[name] != nil {
            state.samples.append(
                HistoryEntry(.sample, time: MonotonicTime.now, actor: "broker") {
                    $0.name = name
                    $0.value = value
                })
        }
    }

    private func tell(_ phase: String, _ state: State) {
        report(
            Progress(
                phase: phase, elapsed: ContinuousClock.now - state.began, faults: state.faults))
    }

    // MARK: The end

    /// No more faults: publishers finish, workers drain the group, everybody leaves in good order.
    private func settle(_ state: inout State) async throws {
        tell("settling", state)
        for name in state.crew.publishers { try await state.crew.stop(name) }
        let end = ContinuousClock.now + configuration.settling
        while try await lag() > 0 {
            guard ContinuousClock.now < end else {
                throw NeverHappened(
                    description: """
                        all of it done within \(configuration.settling.inSeconds) s of the last \
                        fault; \(try await lag()) events are neither done nor dead letters
                        """)
            }
            try await state.crew.revive()
            tell("settling", state)
            try await Task.sleep(for: .milliseconds(100))
        }
        for name in state.crew.workers { try await state.crew.stop(name) }
        // Read by the next process: what counts is on the disk.
        let stopped = try await arena.stopBroker()
        guard stopped.status == 0 else {
            throw NeverHappened(
                description: """
                    an end with 0 of a broker without work; it was \(stopped.status): \
                    \(stopped.lastLines.joined(separator: " | "))
                    """)
        }
        tell("checking", state)
        try await arena.startBroker()
    }

    private func lag() async throws -> UInt64 {
        let status = try await BaridClient.with(
            arena.endpoint, name: "prover", logger: .quiet
        ) { client in
            try await client.admin.getStatus(Barid_Admin_V1_GetStatusRequest())
        }
        return status.groups.filter { $0.group == ProofConfiguration.group }
            .reduce(0) { $0 + $1.lag }
    }

    private func survey(_ state: State, healed: Int64) async throws -> History {
        var limits = configuration.limits
        limits["liveness_ns"] = configuration.settling.milliseconds * 1_000_000
        limits["identity_window"] = 131_072
        let survey = Survey(arena: arena, limits: limits)
        return try await survey.history(
            shifts: state.crew.shifts, healed: healed, samples: state.samples)
    }
}
