import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group delete`.
struct GroupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a group, with what is known of it.",
        discussion: """
            The events stay in the log; how far the group was, and which events were its dead letters, \
            is forgotten. Stop its workers first: one that is subscribed ends with GROUP_DELETED, and one \
            that comes later makes the group anew. It asks first.

            Examples:
              barid group delete archive
              barid group delete archive --yes
            """)

    @OptionGroup var which: GroupOptions

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let (which, yes) = (which, yes)
        let status = try await broker.connected(as: "barid group") { client in
            let status = try await which.status(client)
            if !yes {
                try Confirmation.ask(
                    "Delete group \(Console.error.words(status.group)), with "
                        + "\(Formats.count(Int(clamping: status.deadLetters), "dead letter")) and "
                        + "\(Formats.count(Int(clamping: status.workers), "worker"))?")
            }
            _ = try await client.admin.deleteGroup(
                .with {
                    $0.topic = which.topic
                    $0.group = which.group
                }, options: .within(.seconds(30)))
            return status
        }
        if output.json {
            Console.output.line(try JSONText.line(status))
        } else {
            Console.output.line("\(Console.output.words(which.group)) is deleted.")
        }
    }
}
