import Barid
import BaridSchema
import GRPCCore
import Moderator

/// The same work as a call.
struct ModeratorService: Barid_Moderator_V1_Moderator.SimpleServiceProtocol {
    let moderator: Moderator

    func moderate(
        request: Barid_Moderator_V1_ModerateRequest, context: ServerContext
    ) async throws -> Barid_Moderator_V1_ModerateResponse {
        try await HandlerExecutor.run {
            switch request.input {
            case .text(let text): return .with { $0.moderated = moderator.moderate(text: text) }
            case .article(let article): return .with { $0.moderated = moderator.moderate(article) }
            case nil: throw RPCError(code: .invalidArgument, message: "give text or an article")
            }
        }
    }
}
