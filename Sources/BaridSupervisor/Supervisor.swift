import BaridMetrics
import Foundation
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Starts the broker and the plugins, keeps them running, and stops them cleanly, the broker last.
///
/// Decisions are ``ProcessLifecycle``'s, the processes are ``ChildProcesses``'; this actor carries
/// news from the one to the other and knows the broker.
public actor Supervisor {
    /// The name under which the broker stands among the processes.
    public static let brokerName = "broker"

    let configuration: Configuration
    let link: any BrokerLink
    let logger: Logger
    let processes: ChildProcesses
    /// Serves the figures from the first start to the end of ``run()``.
    var metricsServer: MetricsServer?
    let started = ContinuousClock.now
    var entries: [Entry] = []
    /// What is known of the plugin folders.
    var changes = PluginChanges()
    /// When to look at them again; nil before they were looked at.
    var nextLook: Duration?
    /// Whether ``stop()`` was called.
    public private(set) var isStopping = false
    /// Who waits for the next change.
    var sleepers: [CheckedContinuation<Void, Never>] = []
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    /// When it began.
    public nonisolated let since = Date.now

    /// Prepares everything; nothing is started yet.
    ///
    /// - Throws: ``SystemError`` when the system gives no process, an error when the log folder
    ///   cannot be made.
    public init(_ configuration: Configuration, link: any BrokerLink, logger: Logger) throws {
        self.configuration = configuration
        self.link = link
        self.logger = logger
        try FileManager.default.createDirectory(
            atPath: configuration.logFolder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        processes = try ChildProcesses()
    }

    /// Every process, the broker first; workers of others that the broker knows come last.
    public func list() async -> [SupervisedProcess] {
        let own = entries.map { entry in
            var status = entry.status
            status.residentBytes =
                ProcessFigures(of: status.processIdentifier)?.residentBytes ?? 0
            return status
        }
        guard let sessions = try? await link.view().sessions else { return own }
        let known = Set(own.map(\.processIdentifier)).union([getpid()])
        return own
            + sessions.filter { session in
                session.duties > 0 && !known.contains { session.belongs(to: $0) }
            }.map {
                SupervisedProcess(
                    name: $0.name, state: .notSupervisedHere,
                    processIdentifier: $0.processIdentifier)
            }
    }

    /// Carries out what processes and time bring, until ``stop()`` has ended everything.
    ///
    /// To be run by one task, beside ``startAll()``.
    public func run() async {
        defer { stopMetrics() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [events = processes.events] in
                for await event in events { await self.handle(event) }
            }
            group.addTask { await self.keepTime() }
            await group.waitForAll()
        }
    }

    /// Starts the broker, makes the groups of all plugins, then starts the plugins.
    ///
    /// - Returns: Every process, once all plugins are ready or have failed, or the limit is over.
    /// - Throws: ``BrokerFailed`` when the broker does not come up, or refuses a group;
    ///   `MetricsServer.Failure` when the address of the metrics cannot be had.
    public func startAll() async throws -> [SupervisedProcess] {
        try serveMetrics()
        if let command = configuration.broker, let executable = command.first {
            var entry = Entry(
                key: Self.brokerName,
                status: SupervisedProcess(name: Self.brokerName, state: .starting),
                lifecycle: ProcessLifecycle(policy: configuration.policy))
            entry.executable = executable
            entry.arguments = Array(command.dropFirst())
            entry.status.logFile = logFile(of: Self.brokerName)
            entries.append(entry)
            begin(Self.brokerName)
        }
        try await waitForBroker()
        let found = configuration.plugins.find()
        let graph = PluginGraph(found.map(\.description))
        var keys: [String] = []
        // Who is fed by others comes after them.
        for plugin in graph.order.map({ found[$0] }) {
            changes.accept(PluginChanges.Look(plugin))
            keys.append(add(plugin))
        }
        warn(of: graph)
        // All groups first, so that nothing the first plugin emits passes the last one by.
        for key in keys { await makeGroups(of: key) }
        for key in keys { begin(key) }
        nextLook = now + configuration.lookInterval
        let end = ContinuousClock.now + configuration.readyLimit
        while !isStopping, ContinuousClock.now < end,
            entries.contains(where: { $0.status.state == .starting || $0.status.state == .backoff })
        {
            await checkReadiness()
            try await Task.sleep(for: .milliseconds(20))
        }
        return entries.map(\.status)
    }

    /// Stops a plugin's process and starts it anew; also ends a crash loop.
    ///
    /// - Returns: How it stands now, or nil when there is no plugin of this name that can run.
    public func restart(_ name: String) -> SupervisedProcess? {
        guard !isStopping, let index = runnable(name) else { return nil }
        perform(entries[index].lifecycle.restart(at: now), at: index)
        return entries[index].status
    }

    /// Begins to stop everything: plugins drain within their limit, then the broker.
    ///
    /// Returns at once; ``run()`` returns when it is done.
    public func stop() {
        guard !isStopping else { return }
        isStopping = true
        logger.info("stopping")
        for index in entries.indices where entries[index].key != Self.brokerName {
            perform(entries[index].lifecycle.stop(at: now), at: index)
        }
        stopBrokerWhenAlone()
        for waiter in stopWaiters { waiter.resume() }
        stopWaiters = []
        wakeTimekeeper()
    }

    /// Returns once ``stop()`` was called, by whomever.
    public func stopRequested() async {
        guard !isStopping else { return }
        await withCheckedContinuation { stopWaiters.append($0) }
    }

    var now: Duration { ContinuousClock.now - started }
}
