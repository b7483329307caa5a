import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore

/// `barid plugin upgrade`.
struct PluginUpgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Let a newer version in another folder take over from one you added.",
        discussion: """
            Both work side by side until the newcomer has shown that it stays ready; then the old one finishes \
            what it holds and ends. No event is lost and no key loses its order. If the newcomer fails, the old \
            one goes on and the exit code is 65.

            Examples:
              barid plugin upgrade word-count ./word-count-2
            """)

    @Argument(help: "The plugin's name.")
    var name: String

    @Argument(help: "Folder of the new version.")
    var folder: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: "\(path)/plugin.yaml") else {
            throw CommandError(.noInput, "\(path) holds no plugin.yaml")
        }
        let plugin = try await broker.connected(as: "barid plugin upgrade") { [name] client in
            let known = try await client.plugins().plugins.map(\.name)
            guard known.contains(name) else { throw CommandError.noPlugin(name, among: known) }
            // The newcomer's start, its trial, and the old one's drain.
            return try await client.supervisor().upgradePlugin(
                .with {
                    $0.name = name
                    $0.folder = path
                }, options: .within(.seconds(90))
            ).plugin
        }
        if output.json {
            Console.output.line(try JSONText.line(plugin))
        } else {
            let console = Console.output
            console.line(
                "\(console.words(plugin.name)) \(console.words(plugin.version)) took over, process \(plugin.processID)."
            )
        }
    }
}
