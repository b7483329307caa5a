import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid review list`.
struct ListHeldItems: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "What is held and waits for a person, the first submitted first.",
        discussion: """
            Examples:
              barid review list
              barid review list --json        one barid.index.v1.Held a line
            """)

    @Option(help: ArgumentHelp("Show so many at most, up to 500.", valueName: "count"))
    var limit: UInt32 = 50

    @Option(help: ArgumentHelp("Leave out so many at the beginning.", valueName: "count"))
    var offset: UInt32 = 0

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit is from 1 to 500") }
    }

    func run() async throws {
        let request = Barid_Index_V1_ListHeldRequest.with {
            $0.limit = limit
            $0.offset = offset
        }
        let answer = try await broker.connected(as: "barid review") { client in
            try await client.index().listHeld(request, options: .within(.seconds(30)))
        }
        for held in answer.held where output.json { Console.output.line(try JSONText.line(held)) }
        if !output.json { tell(answer) }
        let next = UInt64(offset) + UInt64(answer.held.count)
        if !answer.held.isEmpty, next < answer.total {
            Console.error.line(
                "There are \(Formats.number(answer.total)) in all: "
                    + "barid review list --limit \(limit) --offset \(next)")
        }
    }

    private func tell(_ answer: Barid_Index_V1_ListHeldResponse) {
        let console = Console.output
        guard !answer.held.isEmpty else {
            console.line(answer.total == 0 ? "Nothing is held." : "There are only \(answer.total).")
            return
        }
        var table = Table([
            Table.Column("ARTICLE"), Table.Column("WHAT"), Table.Column("BECAUSE"),
            Table.Column("TEXT"),
        ])
        for held in answer.held {
            let text = held.hasCommentNumber ? held.text : held.headline
            let reasons = held.verdict.findings.prefix(2).map { $0.category }
            table.add([
                console.id(held.articleID),
                held.hasCommentNumber ? "comment \(held.commentNumber)" : "article",
                console.words(reasons.joined(separator: ", ")),
                console.prose(DisplayWidth.cut(text, to: 60)),
            ])
        }
        for line in table.lines(on: console) { console.line(line) }
        console.line("")
        console.line("Decide with: barid review approve|block ARTICLE [--comment NUMBER]")
    }
}
