import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group reset`.
struct GroupReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Begin a group anew at a place.",
        discussion: """
            Everything from there on is due as if the group had never seen it, its dead letters too; \
            everything before it counts as done. Its workers subscribe again. What they emit once more \
            under the same ids is not stored again; to have results made anew, see `replay`. It asks \
            first.

            Examples:
              barid group reset indexer --to first
              barid group reset parser --to 2026-05-01T08:00:00Z --yes
            """)

    @OptionGroup var which: GroupOptions

    @Option(help: ArgumentHelp("Where to: \(PluginManifest.Start.help).", valueName: "place"))
    var to: PluginManifest.Start

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let (which, to, yes) = (which, to, yes)
        let backlog = try await broker.connected(as: "barid group") { client in
            let status = try await which.status(client)
            if !yes {
                try Confirmation.ask(
                    "Begin group \(Console.error.words(status.group)) anew? It is done through "
                        + "\(Formats.number(status.settledThrough)).")
            }
            _ = try await client.admin.resetGroup(
                .with {
                    $0.topic = which.topic
                    $0.group = which.group
                    $0.start = .init(to)
                }, options: .within(.seconds(60)))
            return try await client.backlog(ofGroup: which.group, topic: which.topic)
        }
        if output.json {
            var text = JSONText()
            text.add(backlog)
            Console.output.line(text.text)
            return
        }
        let name = Console.output.words(which.group)
        Console.output.line(
            "\(name) begins anew\(backlog.map { ", \($0.text) behind" } ?? "").")
    }
}
