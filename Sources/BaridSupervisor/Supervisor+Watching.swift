import BaridMetrics
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// Looking at plugin folders and processes now and then: Protocols/4-plugin §3.
extension Supervisor {
    /// Carries out what became of the plugin folders, and ends processes beyond their memory.
    func look() async {
        nextLook = now + configuration.lookInterval
        guard !isStopping else { return }
        limitMemory()
        let found = configuration.plugins.find()
        let news = changes.take(found.map(PluginChanges.Look.init))
        guard !news.isEmpty else { return }
        for change in news { await carryOut(change) }
        warn(of: PluginGraph(found.map(\.description)))
    }

    private func carryOut(_ change: PluginChanges.Change) async {
        switch change {
        case .added(let plugin):
            logger.info(
                "plugin found",
                metadata: ["plugin": "\(plugin.description.name)", "folder": "\(plugin.folder)"])
            await start(plugin)
        case .removed(let folder):
            guard let index = index(in: folder) else { return }
            logger.info("plugin removed", metadata: ["plugin": "\(entries[index].status.name)"])
            leave(index)
        case .changed(let plugin):
            guard let index = index(in: plugin.folder) else { return await start(plugin) }
            guard entries[index].status.name == plugin.description.name else {
                leave(index)
                return await start(plugin)
            }
            await update(index, to: plugin)
        }
    }

    private func start(_ plugin: FoundPlugin) async {
        let key = add(plugin)
        await makeGroups(of: key)
        begin(key)
    }

    private func update(_ index: Int, to plugin: FoundPlugin) async {
        let key = entries[index].key
        let isStopped = entries[index].lifecycle.state == .stopped
        switch plugin.program {
        case .notBuilt(let file, _) where !isStopped:
            // It may be being built; what runs goes on.
            entries[index].status.message = "\(file) is missing; what runs is the old one"
            return
        case .invalid(let message) where !isStopped:
            entries[index].status.message = "\(message); what runs is the old one"
            return
        case .runnable, .notBuilt, .invalid:
            break
        }
        logger.info("plugin changed", metadata: ["plugin": "\(key)"])
        entries[index].describe(plugin)
        await makeGroups(of: key)
        guard let index = self.index(of: key), !entries[index].executable.isEmpty else { return }
        let lifecycle = entries[index].lifecycle
        if lifecycle.state == .stopped {
            begin(key)
        } else {
            perform(entries[index].lifecycle.restart(at: now), at: index)
        }
    }

    private func index(in folder: String) -> Int? {
        entries.firstIndex { $0.status.folder == folder && !$0.isLeaving }
    }

    /// Kills processes that use more memory than their manifest allows: what they hold goes to the
    /// next process, and an event that does it again and again becomes a dead letter.
    private func limitMemory() {
        for index in entries.indices where entries[index].killed == nil {
            guard let limit = entries[index].limits.memory else { continue }
            let process = entries[index].status.processIdentifier
            let used = ProcessFigures(of: process)?.residentBytes ?? 0
            guard used > limit else { continue }
            let reason =
                "killed: it used \(used >> 20) MiB of memory; limits.memory is \(limit >> 20) MiB"
            entries[index].killed = reason
            logger.warning("beyond its memory", metadata: ["process": "\(entries[index].key)"])
            processes.note(reason, in: entries[index].status.logFile)
            processes.signal(SIGKILL, to: process, group: true)
        }
    }
}

extension Supervisor.Entry {
    /// Takes over what a plugin's folder says.
    mutating func describe(_ plugin: FoundPlugin) {
        status.version = plugin.description.version
        status.summary = plugin.description.summary
        status.folder = plugin.folder
        status.group = plugin.description.groups.first?.name ?? ""
        status.message = ""
        status.buildCommand = ""
        switch plugin.program {
        case .runnable(let executable, let arguments):
            self.executable = executable
            self.arguments = arguments
            groups = plugin.description.groups
            limits = plugin.description.limits
        case .notBuilt(let executable, let buildCommand):
            self.executable = ""
            status.state = .notBuilt
            status.message = "\(executable) is missing"
            status.buildCommand = buildCommand
        case .invalid(let message):
            self.executable = ""
            status.state = .invalid
            status.message = message
        }
    }
}
