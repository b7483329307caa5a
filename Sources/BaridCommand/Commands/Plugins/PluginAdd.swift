import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore

/// `barid plugin add`.
struct PluginAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a plugin's folder to your own plugins; `barid up` starts it.",
        discussion: """
            The folder stays where it is: a link in $XDG_CONFIG_HOME/barid/plugins leads to it. With `barid up` \
            running, the plugin's group is made, the stored events that it will catch up on are counted (for at \
            most two seconds: after that the count says `at least`), and its worker is started at once.

            Examples:
              barid plugin add ./word-count
            """)

    @Argument(help: "The plugin's folder, which holds a plugin.yaml.")
    var folder: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let settings = try broker.settings()
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: "\(path)/plugin.yaml") else {
            throw CommandError(.noInput, "\(path) holds no plugin.yaml")
        }
        let plugin = settings.pluginFolders.plugin(in: path)
        if case .invalid(let message) = plugin.program {
            let lines = message.split(separator: "\n").map { VisibleText.line(String($0)) }
            throw CommandError(.badInput, lines.joined(separator: "\n  "))
        }
        let name = plugin.description.name
        let own = settings.userPlugins
        let others = settings.pluginFolders.find()
        if let other = others.first(where: { $0.description.name == name }),
            own.target(of: name) != path
        {
            throw CommandError(
                .badInput,
                "\(other.folder) is a plugin of the name \(name) already: `barid plugin upgrade` replaces one you added"
            )
        }
        do {
            try own.link(name, to: path)
        } catch {
            throw CommandError(
                .badInput, "\(own.link(of: name)) cannot be made: \(error.localizedDescription)")
        }
        var report = Report(name: name, folder: path)
        let all = others.map(\.description).filter { $0.name != name } + [plugin.description]
        report.warning = PluginGraph(all).warning(of: name) ?? ""
        if case .notBuilt(_, let command) = plugin.program { report.buildCommand = command }
        do {
            let found = report
            report = try await broker.connected(as: "barid plugin add", wait: .seconds(2)) {
                try await Self.follow(plugin, found, $0)
            }
        } catch let error as RPCError where error.code == .unavailable {
            // Nobody is up: the next `barid up` starts it.
        } catch let error as CommandError where error.code == .unavailable {
            // A broker without a supervisor: the same.
        }
        try tell(report)
    }

    struct Report: Sendable {
        var name: String
        var folder: String
        var backlog: Backlog?
        var state: Barid_Supervisor_V1_Plugin?
        var buildCommand = ""
        var warning = ""
    }

    /// Counts what it will catch up on, and waits until it is up.
    private static func follow(
        _ plugin: FoundPlugin, _ found: Report, _ client: BaridClient
    ) async throws -> Report {
        var report = found
        _ = try await client.plugins()
        for group in plugin.description.groups {
            _ = try await client.admin.createGroup(
                Barid_Admin_V1_CreateGroupRequest(group), options: .within(.seconds(10)))
            if let backlog = try await client.backlog(ofGroup: group.name, topic: group.topic) {
                report.backlog = (report.backlog ?? Backlog()) + backlog
            }
        }
        guard report.buildCommand.isEmpty else { return report }
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let plugins = try await client.plugins().plugins
            report.state = plugins.first { $0.name == report.name }
            switch report.state?.state {
            case .ready, .crashLoop, .invalid: return report
            default: try await Task.sleep(for: .milliseconds(100))
            }
        }
        return report
    }

    private func tell(_ report: Report) throws {
        let console = Console.output
        if output.json {
            var text = JSONText()
            text.add("name", report.name)
            text.add("folder", report.folder)
            text.add(report.backlog)
            if !report.warning.isEmpty { text.add("warning", report.warning) }
            if !report.buildCommand.isEmpty { text.add("build_command", report.buildCommand) }
            if let state = report.state { try text.add("plugin", state) }
            return console.line(text.text)
        }
        console.line("Added \(console.words(report.name)) from \(console.words(report.folder)).")
        if let backlog = report.backlog {
            console.line("It will catch up on \(backlog.text).")
        }
        if !report.warning.isEmpty {
            console.line(
                "\(console.styled("warning", .yellow)): \(console.words(report.warning))")
        }
        if !report.buildCommand.isEmpty {
            console.line("It is not built yet: \(console.words(report.buildCommand))")
        } else if let state = report.state {
            console.line("It is \(StatusSnapshot.state(state.state, on: console)).")
            if state.state == .starting, state.message.isEmpty {
                console.line("What it writes: `barid plugin logs \(console.words(report.name))`")
            }
            for note in StatusSnapshot.notes(on: state, console) { console.line(note) }
        } else {
            console.line("`barid up` will start it.")
        }
    }
}
