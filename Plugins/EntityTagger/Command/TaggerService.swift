import Barid
import BaridSchema
import EntityTagger
import GRPCCore

/// The same work as a call.
struct TaggerService: Barid_Tagger_V1_EntityTagger.SimpleServiceProtocol {
    let tagger: EntityTagger

    func tag(
        request: Barid_Tagger_V1_TagRequest, context: ServerContext
    ) async throws -> Barid_Tagger_V1_TagResponse {
        try await HandlerExecutor.run {
            switch request.input {
            case .text(let text): return .with { $0.tagged = tagger.tag(text: text) }
            case .article(let article): return .with { $0.tagged = tagger.tag(article) }
            case nil: throw RPCError(code: .invalidArgument, message: "give text or an article")
            }
        }
    }
}
