import ArgumentParser
import Barid
import BaridSchema

/// `barid dead-letters list`.
struct ListDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead letters, oldest first.",
        discussion: """
            Examples:
              barid dead-letters list
              barid dead-letters list --group parser --reason INVALID_ARTICLE
              barid dead-letters list --limit 1000 --after 52310      the next page
              barid dead-letters list --limit 0 --json | jq .error.message
            """)

    @OptionGroup var which: DeadLetterOptions

    @Option(help: "At most so many; 0 shows all.")
    var limit = 100

    @Option(
        help: ArgumentHelp(
            "Go on after the dead letter of this number.", valueName: "number"))
    var after: UInt64 = 0

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit counts from 0") }
    }

    func run() async throws {
        let (selection, limit, after, json) = (which.selection, limit, after, output.json)
        let (letters, total, next) = try await broker.connected(as: "barid dead-letters") {
            client in
            var letters: [Barid_Admin_V1_DeadLetter] = []
            var count = 0
            let reader = DeadLetterReader(
                client: client, selection: selection, withoutEvents: true)
            let end = try await reader.read(after: after) { letter in
                count += 1
                if json {
                    Console.output.line(try JSONText.line(letter))
                } else {
                    letters.append(letter)
                }
                return limit == 0 || count < limit
            }
            return (letters, end.total, end.next)
        }
        if !json { tell(letters, total: total) }
        if next > 0 {
            Console.error.line(
                "There are more: barid dead-letters list\(which.words) --limit \(limit) --after \(next)"
            )
        }
    }

    private func tell(_ letters: [Barid_Admin_V1_DeadLetter], total: UInt64) {
        let console = Console.output
        guard !letters.isEmpty else {
            console.line(
                total == 0
                    ? "No dead letters."
                    : "None of \(Formats.number(total)) dead letters is of that kind.")
            return
        }
        var table = Table([
            Table.Column("NUMBER", isNumber: true), Table.Column("GROUP"),
            Table.Column("SEQUENCE", isNumber: true), Table.Column("EVENT"),
            Table.Column("ABOUT"), Table.Column("TRIES", isNumber: true), Table.Column("SINCE"),
            Table.Column("REASON"), Table.Column("ERROR"),
        ])
        for letter in letters {
            table.add([
                "\(letter.number)", console.words(letter.group), "\(letter.sequence)",
                console.words(DeadLetterView.shortType(letter.type)), console.id(letter.subject),
                "\(letter.attempts.count)", Formats.time(letter.time),
                console.words(letter.error.reason),
                console.words(DisplayWidth.cut(letter.error.message, to: 60)),
            ])
        }
        for line in table.lines(on: console) { console.line(line) }
    }
}
