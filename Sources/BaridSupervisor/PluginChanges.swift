/// Tells what became of the plugin folders from one look to the next.
///
/// A change counts when two looks in a row saw the same: so a program that is being written, or a
/// folder that is being copied, is left alone until it is whole.
struct PluginChanges: Sendable {
    enum Change: Sendable, Equatable {
        /// A folder that was not there.
        case added(FoundPlugin)
        /// Manifest, program or state of a known folder.
        case changed(FoundPlugin)
        /// The folder is gone.
        case removed(folder: String)
    }

    struct Look: Sendable, Equatable {
        var plugin: FoundPlugin
        var fingerprint: PluginFingerprint

        init(_ plugin: FoundPlugin) {
            self.plugin = plugin
            fingerprint = PluginFingerprint(of: plugin)
        }
    }

    /// What was acted on, by folder.
    private var known: [String: Look] = [:]
    /// What the last look saw, by folder.
    private var last: [String: Look] = [:]

    /// Takes this as known: nothing is told of it.
    mutating func accept(_ look: Look) {
        known[look.plugin.folder] = look
        last[look.plugin.folder] = look
    }

    /// Compares a look with what is known.
    ///
    /// - Parameter looks: Every plugin there is now, in the order of the plugin path.
    /// - Returns: What changed and has come to rest, removals first.
    mutating func take(_ looks: [Look]) -> [Change] {
        let now = Dictionary(looks.map { ($0.plugin.folder, $0) }, uniquingKeysWith: { $1 })
        var changes: [Change] = []
        for folder in known.keys.sorted() where now[folder] == nil && last[folder] == nil {
            known[folder] = nil
            changes.append(.removed(folder: folder))
        }
        for look in looks where last[look.plugin.folder] == look {
            let folder = look.plugin.folder
            guard let before = known[folder] else {
                known[folder] = look
                changes.append(.added(look.plugin))
                continue
            }
            guard before != look else { continue }
            known[folder] = look
            changes.append(.changed(look.plugin))
        }
        last = now
        return changes
    }
}
