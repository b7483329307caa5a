import ArgumentParser
import Barid
import BaridSchema

/// `barid group show`.
struct GroupShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one group.",
        discussion: """
            Examples:
              barid group show parser
              barid group show parser --json
            """)

    @OptionGroup var which: GroupOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let which = which
        let group = try await broker.connected(as: "barid group") { try await which.status($0) }
        if output.json {
            Console.output.line(try JSONText.line(group))
        } else {
            for line in GroupView.lines(of: group, on: .output) { Console.output.line(line) }
        }
    }
}
