internal import BaridProof
internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Where faults happen: a broker under load, and what has been seen so far.
///
/// Used by one task, the one that runs the proof.
public struct ProofStage {
    /// The processes.
    public let arena: Arena
    /// What was seen so far; a script adds what it finds itself.
    public var verdict: Verdict
    /// Faults so far.
    public private(set) var faults = 0

    let configuration: ProofConfiguration
    let stop: StopFlag
    let report: @Sendable (ProofRun.Progress) -> Void
    /// Since when everybody has been at work.
    private(set) var began = ContinuousClock.now
    var crew: Crew
    var samples: [HistoryEntry] = []
    private var meter = LatencyMeter()
    /// Starts of a broker of an earlier version.
    private(set) var earlierEpochs: Set<UInt64> = []

    init(
        _ configuration: ProofConfiguration, arena: Arena, stop: StopFlag,
        report: @escaping @Sendable (ProofRun.Progress) -> Void
    ) {
        self.configuration = configuration
        self.arena = arena
        self.stop = stop
        self.report = report
        crew = Crew(arena: arena, proof: configuration)
        verdict = Verdict(seed: configuration.seed)
        verdict.folder = arena.configuration.folder
    }

    /// The time of histories, and so of ``Verdict/latencies``.
    public var time: Int64 { MonotonicTime.now }

    /// How long events have taken so far, as ``Verdict/latencies`` will have it.
    ///
    /// - Returns: Each event that was delivered.
    /// - Throws: An error of the file system when a history cannot be read.
    public mutating func latencies() throws -> [Verdict.Latency] {
        for shift in crew.shifts { try meter.read(shift.history) }
        return meter.latencies
    }

    /// How many publishers and workers there are.
    public var actorCount: Int { crew.workers.count + crew.publishers.count }

    /// Tells each worker and publisher to stop, one after another, and starts it again.
    ///
    /// - Parameter pause: Between them.
    /// - Throws: ``NeverHappened`` when one does not stop or start.
    public mutating func roll(pause: Duration) async throws {
        for name in crew.workers + crew.publishers where !stop.isSet {
            try await crew.restart(name)
            try await pass(pause)
        }
    }

    /// Whether somebody wants it to end.
    public var isStopped: Bool { stop.isSet }

    /// Starts publishers and workers; what is to last a while begins when they are all at work.
    ///
    /// - Throws: ``NeverHappened`` when one ended by itself, or is not at work within a minute.
    mutating func begin() async throws {
        for name in crew.workers + crew.publishers { try await crew.start(name) }
        let limit = ContinuousClock.now + .seconds(60)
        while let idle = crew.idle, !stop.isSet {
            guard ContinuousClock.now < limit else {
                throw NeverHappened(description: "\(idle) at work within a minute of its start")
            }
            try await pass(.milliseconds(20))
        }
        began = ContinuousClock.now
    }

    /// Lets time pass; measures the broker, and starts again whom poison killed.
    ///
    /// - Parameters:
    ///   - time: How long.
    ///   - end: Not beyond this. The default is no end.
    /// - Throws: ``NeverHappened`` when a publisher or worker ended by itself.
    public mutating func pass(
        _ time: Duration, until end: ContinuousClock.Instant? = nil
    ) async throws {
        var rest = time
        while rest > .zero, !stop.isSet, end.map({ $0 > .now }) ?? true {
            let part = min(rest, .milliseconds(200))
            try await Task.sleep(for: part)
            rest -= part
            measure()
            tell("publishing")
            try await crew.revive()
        }
    }

    /// Does a fault and gets over it.
    ///
    /// - Parameter fault: What goes wrong.
    /// - Throws: ``NeverHappened`` when a process does not come back or does not stop.
    public mutating func inflict(_ fault: Fault) async throws {
        tell("\(fault)")
        switch fault {
        case .killBroker:
            try await arena.fleet.kill(Arena.broker)
            try await recover()
        case .pauseBroker(let time):
            try await pause(Arena.broker, time)
        case .restartBroker:
            try await stopBroker()
            try await recover()
        case .killWorker(let number): try await crew.kill("worker-\(number)")
        case .pauseWorker(let number, let time): try await pause("worker-\(number)", time)
        case .restartWorker(let number): try await crew.restart("worker-\(number)")
        case .killPublisher(let number): try await crew.kill("publisher-\(number)")
        case .diskFloor(let time): try await reachDiskFloor(for: time)
        }
        count(fault.kind)
    }

    /// Counts a fault that a script did by itself.
    ///
    /// - Parameter kind: Which one it comes closest to.
    public mutating func count(_ kind: Fault.Kind) {
        faults += 1
        verdict.faults[kind, default: 0] += 1
    }

    /// Starts the broker again and measures how long it takes.
    ///
    /// - Parameter launch: How; nil is as the arena's configuration says.
    /// - Throws: ``NeverHappened`` when it does not come back.
    public mutating func recover(_ launch: BrokerLaunch? = nil) async throws {
        verdict.recoveries.add(try await arena.startBroker(launch))
        try await noteBroker()
    }

    /// Notes which broker it is that was started.
    mutating func noteBroker() async throws {
        guard arena.isEarlier.broker else { return }
        earlierEpochs.insert(try await BrokerFacts(arena).epoch)
    }

    /// Adds a finding of a script.
    ///
    /// - Parameters:
    ///   - check: Name of the promise.
    ///   - statement: What happened.
    public mutating func violate(_ check: String, _ statement: String) {
        verdict.violations.append(Verdict.Violation(check: check, statement: statement))
    }

    /// The broker comes up with less room on its disk than it wants to keep free: publishes have to
    /// wait, everything else goes on, and when there is room again so do they.
    private mutating func reachDiskFloor(for time: Duration) async throws {
        try await stopBroker()
        var launch = arena.configuration.launch
        launch.arguments += ["--soft-free", "1000000TiB"]
        try await recover(launch)
        try await pass(time)
        if arena.fleet.process(Arena.broker) != nil {
            let facts = try await BrokerFacts(arena)
            if facts.isAccepting {
                violate("disk floor", "publishes are taken although the disk has too little room")
            }
            let end = ContinuousClock.now + .seconds(30)
            while try await BrokerFacts(arena).lag > 0, ContinuousClock.now < end, !stop.isSet {
                try await pass(.milliseconds(100))
            }
            let after = try await BrokerFacts(arena)
            if after.lag > 0, !stop.isSet {
                violate("disk floor", "\(after.lag) events are stuck while the disk has no room")
            }
        }
        try await stopBroker()
        try await recover()
        if try await !BrokerFacts(arena).isAccepting {
            violate("disk floor", "publishes are refused although the disk has room again")
        }
    }

    private mutating func stopBroker() async throws {
        let end = try await arena.stopBroker(within: .seconds(10))
        guard end.status != 0 else { return }
        violate(
            "drain",
            """
            the broker ended with \(end.status) when it was told to stop: \
            \(end.lastLines.joined(separator: " | "))
            """)
    }

    private func pause(_ name: String, _ time: Duration) async throws {
        arena.fleet.signal(SIGSTOP, name)
        // Interrupted or not: a stopped process would never hear of it.
        defer { arena.fleet.signal(SIGCONT, name) }
        try await Task.sleep(for: time)
    }

    mutating func measure() {
        guard let process = arena.fleet.process(Arena.broker),
            let measure = ProcessMeasure(process)
        else { return }
        verdict.brokerBytes = max(verdict.brokerBytes, measure.residentBytes)
        for (name, value) in [
            ("rss_bytes", measure.residentBytes), ("fds", measure.descriptors),
        ] where configuration.limits[name] != nil {
            samples.append(
                HistoryEntry(.sample, time: MonotonicTime.now, actor: "broker") {
                    $0.name = name
                    $0.value = value
                })
        }
    }

    func tell(_ phase: String) {
        report(
            ProofRun.Progress(
                phase: phase, elapsed: ContinuousClock.now - began, faults: faults))
    }
}
