import ArticleParser
import Barid
import BaridArticles
import BaridSchema
import Foundation
import GRPCCore

/// The same work as a call.
struct ParserService: Barid_Parser_V1_Parser.SimpleServiceProtocol {
    func parse(
        request: Barid_Parser_V1_ParseRequest, context: ServerContext
    ) async throws -> Barid_Parser_V1_ParseResponse {
        var submission = request.submission
        if !request.hasSubmission {
            submission.content = Data(request.text.utf8)
            submission.mediaType = "text/plain"
        }
        let input = submission
        return try await HandlerExecutor.run {
            do {
                let article = try ArticleParser.parse(input, id: request.articleID)
                return .with { $0.article = article }
            } catch {
                throw RPCError(code: .invalidArgument, message: "\(error)")
            }
        }
    }
}
