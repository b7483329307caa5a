import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// The processes one by one: added, started, told to stop, shown.
extension Supervisor {
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

    func logFile(of name: String) -> String {
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
    func show(_ index: Int) {
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
