import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group list`.
struct GroupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the groups, and how far behind each is.",
        discussion: """
            Examples:
              barid group list
              barid group list --json | jq -r .group
            """)

    @Option(help: ArgumentHelp("Of this topic only.", valueName: "topic"))
    var topic: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let topic = topic ?? ""
        let groups = try await broker.connected(as: "barid group") { client in
            try await client.admin.listGroups(
                .with { $0.topic = topic }, options: .within(.seconds(10))
            ).groups
        }
        if output.json {
            for group in groups { Console.output.line(try JSONText.line(group)) }
        } else if groups.isEmpty {
            Console.output.line("No groups.")
        } else {
            for line in GroupView.table(of: groups, on: .output) { Console.output.line(line) }
        }
    }
}
