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

        /// How long to wait for the plugins at the start.
        ///
        /// The default is 30 s.
        public var readyLimit: Duration = .seconds(30)

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

    private struct Entry {
        var status: SupervisedProcess
        var lifecycle: ProcessLifecycle
        var executable: String
        var arguments: [String]
        var groups: [PluginDescription.Group]
        var lastEnd: ProcessEnd?
        /// The broker's name for the session of the running process; empty before it has one.
        var session = ""
    }

    /// The name under which the broker stands among the processes.
    public static let brokerName = "broker"

    private let configuration: Configuration
    private let link: any BrokerLink
    private let logger: Logger
    private let processes: ChildProcesses
    private let started = ContinuousClock.now
    private var entries: [Entry] = []
    /// Whether ``stop()`` was called.
    public private(set) var isStopping = false
    private var changes: [CheckedContinuation<Void, Never>] = []
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
        let own = entries.map(\.status)
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
    /// - Throws: ``BrokerFailed`` when the broker does not come up, or refuses a group.
    public func startAll() async throws -> [SupervisedProcess] {
        if let command = configuration.broker, let executable = command.first {
            add(
                Entry(
                    status: SupervisedProcess(name: Self.brokerName, state: .starting),
                    lifecycle: ProcessLifecycle(policy: configuration.policy),
                    executable: executable, arguments: Array(command.dropFirst()), groups: []))
            begin(Self.brokerName)
        }
        try await waitForBroker()
        for plugin in configuration.plugins.find() { add(plugin) }
        for entry in entries {
            for group in entry.groups {
                do {
                    try await link.createGroup(group)
                } catch {
                    logger.error(
                        "group not made",
                        metadata: [
                            "plugin": "\(entry.status.name)", "group": "\(group.name)",
                            "error": "\(error)",
                        ])
                    change(entry.status.name) { $0.message = "group \(group.name): \(error)" }
                }
            }
        }
        for entry in entries where entry.status.state == .stopped { begin(entry.status.name) }
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
        guard !isStopping, let index = index(of: name), !entries[index].executable.isEmpty else {
            return nil
        }
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
        for index in entries.indices where entries[index].status.name != Self.brokerName {
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

    private var now: Duration { ContinuousClock.now - started }

    private var isOver: Bool {
        isStopping
            && entries.allSatisfy {
                $0.executable.isEmpty || $0.lifecycle.state == .stopped
            }
    }

    private func handle(_ event: ChildProcesses.Event) async {
        switch event {
        case .started(let name, let process):
            guard let index = index(of: name) else { return }
            entries[index].status.processIdentifier = process
            logger.info("started", metadata: ["process": "\(name)", "pid": "\(process)"])
            perform(entries[index].lifecycle.started(at: now), at: index)
        case .ended(let name, let end):
            await ended(name, end)
        }
        wakeTimekeeper()
    }

    private func ended(_ name: String, _ end: ProcessEnd) async {
        var session = index(of: name).map { entries[$0].session } ?? ""
        var isAtWork = false
        if name != Self.brokerName, end.processIdentifier > 0, !isStopping {
            let view = try? await link.view()
            // It may have come and gone between two looks at who is ready.
            let last = view?.sessions.first { $0.processIdentifier == end.processIdentifier }
            session = last?.session ?? session
            try? await link.report(end, worker: name, session: session)
            // Whoever had a session and left work undone held some of it: the broker hands it out at
            // once. The event is charged with the end, and a dead letter after the last attempt.
            let groups = index(of: name).map { entries[$0].groups } ?? []
            isAtWork =
                !session.isEmpty && groups.contains { (view?.outstanding[$0.name] ?? 0) > 0 }
        }
        guard let index = index(of: name) else { return }
        entries[index].session = ""
        let wasWanted = !isStopping
        entries[index].status.processIdentifier = 0
        entries[index].lastEnd = end
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
            change(name) { $0.message = "\(end.summary)\(last)" }
            logger.warning(
                "process ended",
                metadata: [
                    "process": "\(name)", "pid": "\(end.processIdentifier)",
                    "end": "\(end.summary)", "state": "\(entries[index].status.state.rawValue)",
                ])
        }
        if isStopping { stopBrokerWhenAlone() }
        if isOver { processes.finish() }
    }

    private func stopBrokerWhenAlone() {
        let workersAreGone = entries.allSatisfy {
            $0.status.name == Self.brokerName || $0.executable.isEmpty
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
            if entries.contains(where: { $0.lifecycle.state == .starting }) {
                await checkReadiness()
                try? await Task.sleep(for: .milliseconds(25))
                continue
            }
            let next = entries.compactMap(\.lifecycle.deadline).min()
            await waitForChange(until: next)
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
        await withCheckedContinuation { changes.append($0) }
        timer?.cancel()
    }

    private func wakeTimekeeper() {
        for change in changes { change.resume() }
        changes = []
    }

    private func checkReadiness() async {
        let starting = entries.filter {
            $0.lifecycle.state == .starting && $0.status.processIdentifier > 0
        }.map { ($0.status.name, $0.status.processIdentifier) }
        guard !starting.isEmpty, let sessions = try? await link.view().sessions else { return }
        for (name, process) in starting {
            guard let index = index(of: name),
                entries[index].status.processIdentifier == process
            else { continue }
            let session = sessions.first { $0.processIdentifier == process && $0.duties > 0 }
            guard name == Self.brokerName || session != nil else { continue }
            entries[index].session = session?.session ?? ""
            entries[index].lifecycle.becameReady(at: now)
            show(index)
            logger.info("ready", metadata: ["process": "\(name)", "pid": "\(process)"])
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

    private func index(of name: String) -> Int? {
        entries.firstIndex { $0.status.name == name }
    }

    private func add(_ plugin: FoundPlugin) {
        var status = SupervisedProcess(name: plugin.description.name, state: .stopped)
        status.version = plugin.description.version
        status.summary = plugin.description.summary
        status.folder = plugin.folder
        var entry = Entry(
            status: status, lifecycle: ProcessLifecycle(policy: configuration.policy),
            executable: "", arguments: [], groups: [])
        switch plugin.program {
        case .runnable(let executable, let arguments):
            entry.executable = executable
            entry.arguments = arguments
            entry.groups = plugin.description.groups
        case .notBuilt(let executable, let buildCommand):
            entry.status.state = .notBuilt
            entry.status.message = "\(executable) is missing"
            entry.status.buildCommand = buildCommand
        case .invalid(let message):
            entry.status.state = .invalid
            entry.status.message = message
        }
        add(entry)
    }

    private func add(_ entry: Entry) {
        var entry = entry
        if !entry.executable.isEmpty { entry.status.logFile = logFile(of: entry.status.name) }
        entries.append(entry)
    }

    private func logFile(of name: String) -> String {
        "\(configuration.logFolder)/\(name).log"
    }

    private func begin(_ name: String) {
        guard let index = index(of: name) else { return }
        perform(entries[index].lifecycle.begin(at: now), at: index)
        wakeTimekeeper()
    }

    private func change(_ name: String, _ body: (inout SupervisedProcess) -> Void) {
        guard let index = index(of: name) else { return }
        body(&entries[index].status)
    }

    private func perform(_ action: ProcessLifecycle.Action, at index: Int) {
        let entry = entries[index]
        switch action {
        case .none:
            break
        case .start:
            processes.start(
                ChildProcesses.Start(
                    name: entry.status.name, executable: entry.executable,
                    arguments: entry.arguments, environment: configuration.environment,
                    folder: entry.status.folder.isEmpty ? nil : entry.status.folder,
                    logFile: entry.status.logFile))
        case .terminate:
            processes.signal(SIGTERM, to: entry.status.processIdentifier, group: false)
        case .kill:
            logger.warning(
                "killed: it did not stop in time", metadata: ["process": "\(entry.status.name)"])
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
        if state == .ready { entries[index].status.message = "" }
        guard entries[index].status.state != state else { return }
        entries[index].status.state = state
        entries[index].status.since = .now
    }
}
