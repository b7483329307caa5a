import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor

/// `barid plugin list`.
struct PluginList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show each plugin's state, version, group, lag, restarts and memory.",
        discussion: """
            Examples:
              barid plugin list
              barid plugin list --json | jq -r '.plugins[].name'
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let snapshot = try await broker.connected(as: "barid plugin list") { client in
            _ = try await client.plugins()
            return try await StatusSnapshot(from: client)
        }
        guard let response = snapshot.plugins else {
            throw CommandError(.unavailable, "the supervisor went away meanwhile")
        }
        guard !output.json else { return Console.output.line(try JSONText.line(response)) }
        let console = Console.output
        var table = Table([
            Table.Column("PLUGIN"), Table.Column("STATE"), Table.Column("VERSION"),
            Table.Column("GROUP"), Table.Column("LAG", isNumber: true),
            Table.Column("RESTARTS", isNumber: true), Table.Column("MEMORY", isNumber: true),
            Table.Column("PID", isNumber: true),
        ])
        var notes: [String] = []
        for plugin in response.plugins where plugin.name != Supervisor.brokerName {
            let group = snapshot.broker.groups.first { $0.group == plugin.group }
            table.add([
                console.words(plugin.name), StatusSnapshot.state(plugin.state, on: console),
                console.words(plugin.version), console.words(plugin.group),
                group.map { Formats.number($0.lag) } ?? "", "\(plugin.restarts)",
                plugin.residentBytes > 0 ? Formats.bytes(plugin.residentBytes) : "",
                plugin.processID > 0 ? "\(plugin.processID)" : "",
            ])
            notes += StatusSnapshot.notes(on: plugin, console)
        }
        for line in table.lines(on: console) + (notes.isEmpty ? [] : [""] + notes) {
            console.line(line)
        }
    }
}
