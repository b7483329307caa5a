public import BaridMetrics
import Foundation
import Logging
import Synchronization

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
    /// What to run and where.
    public struct Configuration: Sendable {
        /// Executable and arguments of the broker; nil when one runs already and is not ours.
        public var broker: [String]?

        /// Where plugins are found.
        public var plugins: PluginFolders

        /// Environment of every process.
        public var environment: [String: String]

        /// Folder of the log files.
        public var logFolder: String

        /// When to restart.
        public var policy = RestartPolicy()

        /// How long the broker may take to answer at the start.
        ///
        /// The default is 60 s: a long log is read before it answers.
        public var brokerLimit: Duration = .seconds(60)

        /// How long to wait for the plugins at the start, and for a newcomer at an upgrade.
        ///
        /// The default is 30 s.
        public var readyLimit: Duration = .seconds(30)

        /// How often to look for new, changed and removed plugins, and at the memory of processes.
        ///
        /// The default is a second; a change counts when two looks saw the same.
        public var lookInterval: Duration = .seconds(1)

        /// How long the newcomer of an upgrade has to stay ready before it takes over.
        ///
        /// The default is 2 s: what fails at its first event fails within that.
        public var trialTime: Duration = .seconds(2)

        /// Where the supervisor's figures are served; Protocols/8-observability §1.
        ///
        /// The default is nowhere.
        public var metrics: MetricsAddress?

        /// The user's own plugins, which upgrades change.
        public var userPlugins: UserPlugins?

        /// Describes what to run.
        public init(
            broker: [String]?, plugins: PluginFolders, environment: [String: String],
            logFolder: String
        ) {
            self.broker = broker
            self.plugins = plugins
            self.environment = environment
            self.logFolder = logFolder
        }
    }

    /// The broker did not come up; the text says why.
    public struct BrokerFailed: Error, CustomStringConvertible {
        /// What is known of it.
        public let description: String
    }

    struct Entry {
        /// By what its process is known to ``ChildProcesses``: its name where that is free.
        let key: String
        var status: SupervisedProcess
        var lifecycle: ProcessLifecycle
        var executable = ""
        var arguments: [String] = []
        var groups: [PluginDescription.Group] = []
        var limits = PluginDescription.Limits()
        var lastEnd: ProcessEnd?
        /// The broker's name for the session of the running process; empty before it has one.
        var session = ""
        /// What a person should know of it although it runs.
        var warning = ""
        /// How its processes ended, and how often.
        var ends: [String: Int] = [:]
        /// Why we killed the process; told with its end.
        var killed: String?
        /// It is forgotten once its process has ended.
        var isLeaving = false
    }

    /// The name under which the broker stands among the processes.
    public static let brokerName = "broker"

    let configuration: Configuration
    let link: any BrokerLink
    let logger: Logger
    let processes: ChildProcesses
    /// Serves the figures from the first start to the end of ``run()``.
    var metricsServer: MetricsServer?
    private let started = ContinuousClock.now
    var entries: [Entry] = []
    /// What is known of the plugin folders.
    var changes = PluginChanges()
    /// When to look at them again; nil before they were looked at.
    var nextLook: Duration?
    /// Whether ``stop()`` was called.
    public private(set) var isStopping = false
    private var sleepers: [CheckedContinuation<Void, Never>] = []
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
            + sessions.filter { $0.duties > 0 && !known.contains($0.processIdentifier) }.map {
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

    // MARK: News

    var now: Duration { ContinuousClock.now - started }

    private var isOver: Bool {
        isStopping
            && entries.allSatisfy {
                $0.executable.isEmpty || $0.lifecycle.state == .stopped
            }
    }

    private func handle(_ event: ChildProcesses.Event) async {
        switch event {
        case .started(let key, let process):
            guard let index = index(of: key) else { return }
            entries[index].status.processIdentifier = process
            logger.info("started", metadata: ["process": "\(key)", "pid": "\(process)"])
            perform(entries[index].lifecycle.started(at: now), at: index)
        case .ended(let key, let end):
            await ended(key, end)
        }
        wakeTimekeeper()
    }

    private func ended(_ key: String, _ end: ProcessEnd) async {
        let entry = index(of: key).map { entries[$0] }
        var session = entry?.session ?? ""
        var isAtWork = false
        var end = end
        if let killed = entry?.killed { end.lastLines.append(killed) }
        if let entry, key != Self.brokerName, end.processIdentifier > 0, !isStopping {
            let view = try? await link.view()
            // It may have come and gone between two looks at who is ready.
            let last = view?.sessions.first { $0.processIdentifier == end.processIdentifier }
            session = last?.session ?? session
            try? await link.report(end, worker: entry.status.name, session: session)
            // Whoever had a session and left work undone held some of it: the broker hands it out at
            // once. The event is charged with the end, and a dead letter after the last attempt.
            isAtWork =
                !session.isEmpty
                && entry.groups.contains { (view?.outstanding[$0.name] ?? 0) > 0 }
        }
        guard let index = index(of: key) else { return }
        entries[index].session = ""
        entries[index].killed = nil
        let wasWanted = !isStopping && !entries[index].isLeaving
        entries[index].status.processIdentifier = 0
        entries[index].lastEnd = end
        entries[index].ends[end.label, default: 0] += 1
        perform(
            entries[index].lifecycle.exited(
                at: now, chance: Double.random(in: 0...1), charged: isAtWork),
            at: index)
        if wasWanted {
            // What a worker logs while all is well says nothing of its end.
            let last =
                end.lastLines.last { line in
                    !["info", "debug", "trace"].contains { line.contains("\"level\":\"\($0)\"") }
                }.map { ": \($0)" } ?? ""
            entries[index].status.message = "\(end.summary)\(last)"
            logger.warning(
                "process ended",
                metadata: [
                    "process": "\(key)", "pid": "\(end.processIdentifier)",
                    "end": "\(end.summary)", "state": "\(entries[index].status.state.rawValue)",
                ])
        }
        if entries[index].isLeaving, entries[index].lifecycle.state == .stopped {
            entries.remove(at: index)
        }
        if isStopping { stopBrokerWhenAlone() }
        if isOver { processes.finish() }
    }

    private func stopBrokerWhenAlone() {
        let workersAreGone = entries.allSatisfy {
            $0.key == Self.brokerName || $0.executable.isEmpty
                || $0.lifecycle.state == .stopped
        }
        if workersAreGone, let index = index(of: Self.brokerName) {
            perform(entries[index].lifecycle.stop(at: now), at: index)
        }
        if isOver { processes.finish() }
    }

    /// Restarts what is due and kills what does not stop; asks the broker who is ready.
    private func keepTime() async {
        while !isOver {
            for index in entries.indices {
                if let deadline = entries[index].lifecycle.deadline, deadline <= now {
                    perform(entries[index].lifecycle.tick(at: now), at: index)
                }
            }
            if let due = nextLook, due <= now { await look() }
            if entries.contains(where: { $0.lifecycle.state == .starting }) {
                await checkReadiness()
                try? await Task.sleep(for: .milliseconds(25))
                continue
            }
            let moments = entries.map(\.lifecycle.deadline) + (isStopping ? [] : [nextLook])
            await waitForChange(until: moments.compactMap(\.self).min())
        }
    }

    private func waitForChange(until deadline: Duration?) async {
        guard !isOver else { return }
        let timer = deadline.map { deadline in
            Task {
                try? await Task.sleep(for: max(deadline - now, .milliseconds(1)))
                wakeTimekeeper()
            }
        }
        await withCheckedContinuation { sleepers.append($0) }
        timer?.cancel()
    }

    func wakeTimekeeper() {
        for sleeper in sleepers { sleeper.resume() }
        sleepers = []
    }

    func checkReadiness() async {
        let starting = entries.filter {
            $0.lifecycle.state == .starting && $0.status.processIdentifier > 0
        }.map { ($0.key, $0.status.processIdentifier) }
        guard !starting.isEmpty, let sessions = try? await link.view().sessions else { return }
        for (key, process) in starting {
            guard let index = index(of: key),
                entries[index].status.processIdentifier == process
            else { continue }
            let session = sessions.first { $0.processIdentifier == process && $0.duties > 0 }
            guard key == Self.brokerName || session != nil else { continue }
            entries[index].session = session?.session ?? ""
            entries[index].lifecycle.becameReady(at: now)
            show(index)
            logger.info("ready", metadata: ["process": "\(key)", "pid": "\(process)"])
        }
    }

    private func waitForBroker() async throws {
        let end = ContinuousClock.now + configuration.brokerLimit
        var last = "it does not answer"
        while !isStopping {
            if let index = index(of: Self.brokerName), let failure = entries[index].lastEnd {
                // At the start an exit is an answer: a locked data folder, a wrong setting.
                let text = failure.lastLines.joined(separator: "\n")
                throw BrokerFailed(
                    description: text.isEmpty
                        ? "the broker ended with \(failure.summary)" : text)
            }
            do {
                _ = try await link.view()
                await checkReadiness()
                return
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < end else {
                throw BrokerFailed(
                    description:
                        "the broker did not answer within \(configuration.brokerLimit): \(last)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CancellationError()
    }

    // MARK: Entries

    func index(of key: String) -> Int? {
        entries.firstIndex { $0.key == key }
    }

    /// The entry of a plugin that can run, by the plugin's name.
    func runnable(_ name: String) -> Int? {
        entries.firstIndex {
            $0.status.name == name && !$0.executable.isEmpty && !$0.isLeaving
        }
    }

    /// Adds a plugin, not started yet.
    ///
    /// - Returns: The key of its entry.
    func add(_ plugin: FoundPlugin) -> String {
        let name = plugin.description.name
        var entry = Entry(
            key: index(of: name) == nil ? name : "\(name)@\(plugin.folder)",
            status: SupervisedProcess(name: name, state: .stopped),
            lifecycle: ProcessLifecycle(policy: configuration.policy))
        entry.describe(plugin)
        entry.status.logFile = logFile(of: name)
        entries.append(entry)
        return entry.key
    }

    /// Notes whose events come back to them, and who serves what another one serves.
    func warn(of graph: PluginGraph) {
        for index in entries.indices where !entries[index].executable.isEmpty {
            let entry = entries[index]
            let warning = graph.warning(of: entry.status.name) ?? ""
            guard warning != entry.warning else { continue }
            entries[index].warning = warning
            if entry.status.message == entry.warning { entries[index].status.message = warning }
            guard !warning.isEmpty else { continue }
            logger.warning(
                "plugin at odds with others",
                metadata: ["plugin": "\(entry.status.name)", "reason": "\(warning)"])
        }
    }

    private func logFile(of name: String) -> String {
        "\(configuration.logFolder)/\(name).log"
    }

    /// Makes sure that the groups of a plugin exist.
    ///
    /// - Returns: Whether they all do; why not is in the entry's message.
    @discardableResult
    func makeGroups(of key: String) async -> Bool {
        guard let index = index(of: key) else { return false }
        var isDone = true
        for group in entries[index].groups {
            do {
                try await link.createGroup(group)
            } catch {
                isDone = false
                logger.error(
                    "group not made",
                    metadata: ["plugin": "\(key)", "group": "\(group.name)", "error": "\(error)"])
                if let index = self.index(of: key) {
                    entries[index].status.message = "group \(group.name): \(error)"
                }
            }
        }
        return isDone
    }

    /// Starts what can run and does not.
    func begin(_ key: String) {
        guard let index = index(of: key), !entries[index].executable.isEmpty, !isStopping else {
            return
        }
        perform(entries[index].lifecycle.begin(at: now), at: index)
        wakeTimekeeper()
    }

    /// Stops a process and forgets its entry once it has ended.
    func leave(_ index: Int) {
        entries[index].isLeaving = true
        perform(entries[index].lifecycle.stop(at: now), at: index)
        if entries[index].lifecycle.state == .stopped { entries.remove(at: index) }
        wakeTimekeeper()
    }

    func perform(_ action: ProcessLifecycle.Action, at index: Int) {
        let entry = entries[index]
        switch action {
        case .none:
            break
        case .start:
            processes.start(
                ChildProcesses.Start(
                    name: entry.key, executable: entry.executable,
                    arguments: entry.arguments, environment: configuration.environment,
                    folder: entry.status.folder.isEmpty ? nil : entry.status.folder,
                    logFile: entry.status.logFile, maximumFiles: entry.limits.files))
        case .terminate:
            processes.signal(SIGTERM, to: entry.status.processIdentifier, group: false)
        case .kill:
            logger.warning(
                "killed: it did not stop in time", metadata: ["process": "\(entry.key)"])
            processes.signal(SIGKILL, to: entry.status.processIdentifier, group: true)
        }
        show(index)
    }

    /// Brings what is told of an entry up to its lifecycle.
    private func show(_ index: Int) {
        let lifecycle = entries[index].lifecycle
        let state: SupervisedProcess.State =
            switch lifecycle.state {
            case .stopped: .stopped
            case .starting: .starting
            case .running: .ready
            case .backoff: .backoff
            case .crashLoop: .crashLoop
            case .stopping: .stopping
            }
        entries[index].status.restarts = lifecycle.restarts
        if state == .ready { entries[index].status.message = entries[index].warning }
        guard entries[index].status.state != state else { return }
        entries[index].status.state = state
        entries[index].status.since = .now
    }
}
