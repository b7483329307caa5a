import Logging

// A newer version takes over from one that runs: Protocols/4-plugin §3.
extension Supervisor {
    /// An upgrade did not happen, and the old version goes on.
    ///
    /// The text says why.
    public struct UpgradeFailed: Error, CustomStringConvertible {
        /// What is known of it.
        public let description: String
    }

    /// Lets the plugin in another folder take over from the one that runs under its name.
    ///
    /// Both work side by side in the plugin's group until the newcomer has been ready for the
    /// trial time; then the old one drains. The broker gives a key to one of them at a time, so
    /// nothing is lost and no key loses its order. If the newcomer does not get ready, or ends, it
    /// is stopped and the old one goes on as if nothing had been.
    ///
    /// - Parameters:
    ///   - name: The plugin's name; the manifest in the folder has the same.
    ///   - folder: Absolute path of the new version's folder.
    /// - Returns: How the new version stands.
    /// - Throws: ``UpgradeFailed`` when the old version goes on.
    public func upgrade(_ name: String, to folder: String) async throws -> SupervisedProcess {
        guard !isStopping, let old = runnable(name) else {
            throw UpgradeFailed(description: "there is no plugin \(name) that can run here")
        }
        guard let own = configuration.userPlugins, own.link(of: name) == entries[old].status.folder
        else {
            throw UpgradeFailed(
                description:
                    "\(name) was not added with `barid plugin add`: build it anew in \(entries[old].status.folder)"
            )
        }
        let plugin = configuration.plugins.plugin(in: folder)
        guard plugin.description.name == name else {
            throw UpgradeFailed(
                description: "\(folder) holds \(plugin.description.name), not \(name)")
        }
        switch plugin.program {
        case .runnable: break
        case .notBuilt(let file, let command):
            throw UpgradeFailed(description: "\(file) is missing; build it with: \(command)")
        case .invalid(let message):
            throw UpgradeFailed(description: message)
        }
        let oldKey = entries[old].key
        let key = add(plugin)
        do {
            try await tryOut(key)
            guard let index = index(of: key) else { throw CancellationError() }
            try own.link(name, to: folder)
            // From here on the new folder is what the link shows, and no change of it.
            entries[index].status.folder = own.link(of: name)
            let look = PluginChanges.Look(configuration.plugins.plugin(in: own.link(of: name)))
            changes.accept(look)
        } catch {
            if let index = index(of: key) { leave(index) }
            throw UpgradeFailed(description: "\(error); the old version goes on")
        }
        logger.info("upgraded", metadata: ["plugin": "\(name)", "folder": "\(folder)"])
        if let old = index(of: oldKey) { leave(old) }
        while !isStopping, index(of: oldKey) != nil {
            try await Task.sleep(for: .milliseconds(20))
        }
        guard let index = index(of: key) else { throw CancellationError() }
        return entries[index].status
    }

    /// Starts a newcomer and waits until it has been ready for the trial time.
    private func tryOut(_ key: String) async throws {
        guard await makeGroups(of: key) else {
            throw UpgradeFailed(description: message(of: key))
        }
        begin(key)
        let end = ContinuousClock.now + configuration.readyLimit
        var readySince: ContinuousClock.Instant?
        while let index = index(of: key), !isStopping {
            let status = entries[index].status
            switch status.state {
            case .ready:
                let since = readySince ?? ContinuousClock.now
                readySince = since
                if ContinuousClock.now - since >= configuration.trialTime { return }
            case .starting where ContinuousClock.now < end:
                break
            case .starting:
                throw UpgradeFailed(
                    description: "the new version was not ready in \(configuration.readyLimit)")
            case .backoff, .crashLoop, .stopping, .stopped, .notBuilt, .invalid,
                .notSupervisedHere:
                throw UpgradeFailed(description: "the new version ended: \(status.message)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw UpgradeFailed(description: "everything is being stopped")
    }

    private func message(of key: String) -> String {
        index(of: key).map { entries[$0].status.message } ?? ""
    }
}
