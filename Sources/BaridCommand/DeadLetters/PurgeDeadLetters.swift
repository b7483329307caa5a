import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid dead-letters purge`.
struct PurgeDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Give dead letters up for good.",
        discussion: """
            The events stay in the log; that their group never handled them is forgotten. It asks first. \
            Interrupted, it leaves the rest as it was: run it again.

            Examples:
              barid dead-letters purge 1234
              barid dead-letters purge --group parser --reason INVALID_ARTICLE
              barid dead-letters purge --all --yes
            """)

    @OptionGroup var which: DeadLetterOptions

    @Flag(help: "Every dead letter of the broker.")
    var all = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws { try which.validateSelected(all: all) }

    func run() async throws {
        let (selection, yes) = (which.selection, yes)
        let removed = try await broker.connected(as: "barid dead-letters") { client in
            let (count, narrowed) = try await DeadLetterReader(
                client: client, selection: selection
            ).counted()
            guard count > 0 else { return UInt64(0) }
            if !yes {
                try Confirmation.ask(
                    "Purge \(Formats.count(Int(count), "dead letter")) for good?")
            }
            return try await Self.purge(narrowed, client)
        }
        if output.json {
            var text = JSONText()
            text.add("removed", removed)
            Console.output.line(text.text)
        } else {
            Console.output.line("\(Formats.count(Int(removed), "dead letter")) purged.")
        }
    }

    private static func purge(
        _ selection: Barid_Admin_V1_DeadLetterSelection, _ client: BaridClient
    ) async throws -> UInt64 {
        var request = Barid_Admin_V1_PurgeDeadLettersRequest()
        request.selection = selection
        var removed: UInt64 = 0
        while true {
            let answer = try await client.admin.purgeDeadLetters(
                request, options: .within(.seconds(60)))
            removed += answer.removed
            guard answer.next > request.after else { return removed }
            request.after = answer.next
        }
    }
}

extension DeadLetterOptions {
    /// A command that changes something wants to be told what.
    func validateSelected(all: Bool) throws {
        guard all == isEmpty else {
            throw ValidationError(
                all
                    ? "--all and a condition exclude one another"
                    : "which? Give numbers, conditions, or --all")
        }
    }
}
