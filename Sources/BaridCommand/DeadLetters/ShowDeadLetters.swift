import ArgumentParser
import Barid
import BaridSchema

/// `barid dead-letters show`.
struct ShowDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show dead letters whole: payload, attributes, every attempt and its end.",
        discussion: """
            Examples:
              barid dead-letters show 1234
              barid dead-letters show --article 3f9c
              barid dead-letters show 1234 --json
            """)

    /// More than this nobody reads; `export` takes all.
    private static let maximum = 20

    @OptionGroup var which: DeadLetterOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard !which.isEmpty else {
            throw ValidationError("which? Give a number, as `barid dead-letters list` shows it")
        }
    }

    func run() async throws {
        let (selection, json) = (which.selection, output.json)
        let (count, next) = try await broker.connected(as: "barid dead-letters") { client in
            var count = 0
            let reader = DeadLetterReader(client: client, selection: selection)
            let end = try await reader.read { letter in
                if json {
                    Console.output.line(try JSONText.line(letter))
                } else {
                    if count > 0 { Console.output.line() }
                    let view = DeadLetterView(letter: letter, console: .output)
                    for line in view.lines() { Console.output.line(line) }
                }
                count += 1
                return count < Self.maximum
            }
            return (count, end.next)
        }
        guard count > 0 else {
            throw CommandError(
                .noInput, "no such dead letter; see `barid dead-letters list`")
        }
        if next > 0 {
            Console.error.line(
                "There are more than \(Self.maximum): barid dead-letters export\(which.words)")
        }
    }
}
