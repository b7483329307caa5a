import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid article`.
struct ShowArticle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "article",
        abstract: "Show an article: text, quotes, entities, comments with verdicts, stages.",
        discussion: """
            Examples:
              barid article 3f9c              a prefix of the id is enough, when no other has it
              barid article 3f9c --json       everything, as barid.index.v1.GetArticleResponse
            """)

    @Argument(help: "The article's id, or the beginning of it.")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let id = id
        let response = try await broker.connected(as: "barid article") { client in
            do {
                return try await client.article(id)
            } catch let error as RPCError where error.code == .notFound {
                throw CommandError(
                    .noInput,
                    "\(BaridTool.text(of: error)) in the index; if it was published, `barid why \(ShellWord.quoted(id))` says where it is"
                )
            }
        }
        if output.json {
            Console.output.line(try JSONText.line(response))
        } else {
            for line in ArticleView(response: response, console: .output).full() {
                Console.output.line(line)
            }
        }
    }
}

extension BaridClient {
    /// Stub of the index.
    func index() -> some Barid_Index_V1_Index.ClientProtocol {
        Barid_Index_V1_Index.Client(wrapping: grpc)
    }

    /// Everything known of an article, by its id or a prefix of it.
    func article(_ id: String) async throws -> Barid_Index_V1_GetArticleResponse {
        var request = Barid_Index_V1_GetArticleRequest()
        request.articleID = id
        return try await index().getArticle(request, options: .idempotent(within: .seconds(30)))
    }
}
