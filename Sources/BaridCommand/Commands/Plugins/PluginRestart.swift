import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid plugin restart`.
struct PluginRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop a plugin's worker and start it anew; this also ends a crash-loop.",
        discussion: """
            Examples:
              barid plugin restart moderator
            """)

    @Argument(help: "The plugin's name.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let plugin = try await broker.connected(as: "barid plugin restart") { [name] client in
            let known = try await client.plugins().plugins.map(\.name)
            guard known.contains(name) else { throw CommandError.noPlugin(name, among: known) }
            return try await client.supervisor().restartPlugin(
                .with { $0.name = name }, options: .within(.seconds(10))
            ).plugin
        }
        if output.json {
            Console.output.line(try JSONText.line(plugin))
        } else {
            Console.output.line("\(Console.output.words(plugin.name)) is being restarted.")
        }
    }
}
