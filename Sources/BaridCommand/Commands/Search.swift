import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid search`.
struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find articles by words; what matched is marked on the original letters.",
        discussion: """
            All words are required; "..." is a phrase, a final * a prefix, -word excludes. Vowel signs, \
            tatweel and the forms of alif make no difference.

            Examples:
              barid search harbour ferry
              barid search "الميناء"
              barid search '"مجلس الوزراء"' -- -عاجل
              barid search 'مزارع*' --limit 3 --json
            """)

    @Argument(help: "Words, phrases, prefixes.")
    var query: [String]

    @Option(help: "Most articles to show, 1 to 100.")
    var limit = 10

    @Option(help: "Leave out so many of the best.")
    var offset = 0

    @Flag(help: "Also articles and comments that are held or blocked, marked as such.")
    var all = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit is 1 to 100.") }
        guard (0...1_000_000).contains(offset) else {
            throw ValidationError("--offset is 0 to 1000000.")
        }
        guard query.contains(where: { !$0.isEmpty }) else {
            throw ValidationError("There is nothing to search for.")
        }
    }

    func run() async throws {
        var request = Barid_Index_V1_SearchRequest()
        request.query = query.joined(separator: " ")
        request.limit = UInt32(limit)
        request.offset = UInt32(offset)
        request.includeWithheld = all
        let response = try await broker.connected(as: "barid search") { [request] client in
            try await client.index().search(request, options: .within(.seconds(30)))
        }
        if output.json {
            Console.output.line(try JSONText.line(response))
        } else {
            show(response)
        }
    }

    private func show(_ response: Barid_Index_V1_SearchResponse) {
        let console = Console.output
        guard !response.hits.isEmpty else {
            console.line("Nothing found for \(console.words(query.joined(separator: " "))).")
            return
        }
        for (index, hit) in response.hits.enumerated() {
            let headline =
                hit.hasHeadline && !hit.headline.text.isEmpty
                ? marked(hit.headline, on: console, in: .bold)
                : console.styled("(no headline)", .bold)
            let withheld =
                hit.decision == .pass || hit.decision == .unspecified
                ? "" : "  \(ArticleView.styled(hit.decision, on: console))"
            console.line("\(offset + index + 1). \(headline)\(withheld)")
            for snippet in hit.snippets {
                let place = snippet.field == "comment" ? console.styled("comment: ", .dim) : ""
                console.line("   \(place)\(marked(snippet, on: console))")
            }
            var facts = [console.id(hit.articleID)]
            if !hit.publisher.isEmpty { facts.append(console.words(hit.publisher)) }
            if hit.hasPublished { facts.append(Formats.time(hit.published)) }
            console.line(
                "   \(console.styled(facts.joined(separator: " · "), .dim))")
        }
        let total = response.total
        console.line(
            total > UInt64(response.hits.count)
                ? "\(response.hits.count) of \(Formats.number(total)) articles"
                : Formats.count(response.hits.count, "article"))
    }

    private func marked(
        _ snippet: Barid_Index_V1_Snippet, on console: Console, in style: Style? = nil
    ) -> String {
        console.words(
            snippet.text,
            marked: snippet.marks.map { Int($0.start)..<max(Int($0.start), Int($0.end)) },
            in: style)
    }
}
