import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore

/// `barid plugin`.
struct PluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin",
        abstract: "Add, watch and replace workers.",
        discussion: """
            A plugin is a folder with a plugin.yaml and an executable in any language. `barid up` starts those of \
            its plugin path and your own, which are links in $XDG_CONFIG_HOME/barid/plugins.

            Examples:
              barid plugin new word-count && barid plugin add word-count
              barid plugin list
              barid plugin logs word-count --follow
            """,
        subcommands: [
            PluginNew.self, PluginList.self, PluginAdd.self, PluginRemove.self,
            PluginRestart.self, PluginUpgrade.self, PluginLogs.self, PluginConform.self,
        ])
}

extension BaridClient {
    /// Every plugin of the supervisor that looks after this broker.
    ///
    /// - Throws: ``CommandError`` when there is none.
    func plugins() async throws -> Barid_Supervisor_V1_ListPluginsResponse {
        do {
            return try await supervisor().listPlugins(
                Barid_Supervisor_V1_ListPluginsRequest(), options: .within(.seconds(10)))
        } catch let error as RPCError
            where error.code == .unavailable || error.code == .unimplemented
        {
            throw CommandError(
                .unavailable, "a broker answers, but no `barid up` looks after its workers here")
        }
    }
}

extension Settings {
    /// The plugin path of this user, as `barid up` has it.
    var pluginFolders: PluginFolders {
        let executables = (Executable.path as NSString).deletingLastPathComponent
        return PluginFolders(
            folders: PluginFolders.path(
                given: pluginPath.value, executables: executables, userFolder: userPluginFolder),
            executables: executables
        ) { try PluginDescription(manifestFile: $0) }
    }

    /// The user's own plugins.
    var userPlugins: UserPlugins { UserPlugins(folder: userPluginFolder) }
}

extension CommandError {
    /// Nobody knows a plugin of this name.
    static func noPlugin(_ name: String, among known: [String]) -> CommandError {
        CommandError(
            .noInput,
            "there is no plugin \(name); there are: \(known.sorted().joined(separator: ", "))")
    }
}
