import BaridSchema
import GRPCCore
import Indexer

/// Search and articles as calls.
struct IndexService: Barid_Index_V1_Index.SimpleServiceProtocol {
    let index: ArticleIndex

    func search(
        request: Barid_Index_V1_SearchRequest, context: ServerContext
    ) async throws -> Barid_Index_V1_SearchResponse {
        do {
            return try await index.search(request)
        } catch {
            throw RPCError(error)
        }
    }

    func getArticle(
        request: Barid_Index_V1_GetArticleRequest, context: ServerContext
    ) async throws -> Barid_Index_V1_GetArticleResponse {
        do {
            return try await index.article(request.articleID)
        } catch {
            throw RPCError(error)
        }
    }

    func listHeld(
        request: Barid_Index_V1_ListHeldRequest, context: ServerContext
    ) async throws -> Barid_Index_V1_ListHeldResponse {
        do {
            return try await index.held(request)
        } catch {
            throw RPCError(error)
        }
    }
}

extension RPCError {
    /// What an error of the index means to the event or the call.
    init(_ error: IndexError) {
        let code: Code =
            switch error {
            case .invalidStage, .query: .invalidArgument
            case .notFound: .notFound
            case .ambiguous: .failedPrecondition
            // Room may come back, and nothing is wrong with the event.
            case .full: .resourceExhausted
            // An operator has to look; the event is tried again as often as the group allows.
            case .newer, .foreign, .damaged, .storage: .unavailable
            }
        self.init(code: code, message: error.description)
    }
}
