import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid dead-letters retry`.
struct RetryDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Deliver dead letters again, to the group that gave up on them.",
        discussion: """
            Attempts count from 1 again; what was tried before stays visible. Each event is at any moment a \
            dead letter or due again, never neither: interrupted, run it again, and it goes on with the \
            rest. What dies again meanwhile is not retried twice.

            Examples:
              barid dead-letters retry 1234
              barid dead-letters retry --group parser --reason INVALID_ARTICLE
              barid dead-letters retry --all
            """)

    @OptionGroup var which: DeadLetterOptions

    @Flag(help: "Every dead letter of the broker.")
    var all = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws { try which.validateSelected(all: all) }

    func run() async throws {
        let selection = which.selection
        let retried = try await broker.connected(as: "barid dead-letters") { client in
            let (_, narrowed) = try await DeadLetterReader(
                client: client, selection: selection
            ).bounded()
            return try await Self.retry(narrowed, client)
        }
        guard retried > 0 || which.numbers.isEmpty else {
            throw CommandError(.noInput, "no such dead letter; see `barid dead-letters list`")
        }
        if output.json {
            var text = JSONText()
            text.add("retried", retried)
            Console.output.line(text.text)
        } else {
            Console.output.line("\(Formats.count(Int(retried), "dead letter")) due again.")
        }
    }

    private static func retry(
        _ selection: Barid_Admin_V1_DeadLetterSelection, _ client: BaridClient
    ) async throws -> UInt64 {
        var request = Barid_Admin_V1_RetryDeadLettersRequest()
        request.selection = selection
        var retried: UInt64 = 0
        while true {
            let answer: Barid_Admin_V1_RetryDeadLettersResponse
            do {
                answer = try await client.admin.retryDeadLetters(
                    request, options: .within(.seconds(60)))
            } catch let error as RPCError where retried > 0 {
                throw CommandError(
                    ExitCode(error.code),
                    "\(error.message); \(retried) were made due again before that: run it again for the rest"
                )
            }
            retried += answer.retried
            guard answer.next > request.after else { return retried }
            request.after = answer.next
        }
    }
}
