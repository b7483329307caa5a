import Barid
import BaridArticles
import BaridSchema
import GRPCCore
import Indexer

/// Takes one stage of an article in; acks once it is on the disk.
///
/// The transaction is shared with whatever else is waiting, and doing it twice has no effect.
struct StageHandler<Payload: StagePayload>: EventHandler {
    let stage: Barid_Article_V1_Stage
    let stages: StageQueue

    func handle(
        _ event: Event<Payload>, in context: HandlerContext
    ) async throws -> [any EventPayload] {
        do {
            let update = try StageUpdate(
                stage: stage, articleID: event.payload.stageArticleID,
                revision: event.payload.revision,
                // Revisions are ordered as they were submitted, whatever their stages' order.
                order: event.envelope.originSequence.flatMap { Int64(exactly: $0) },
                replay: event.envelope.replayNumber, payload: event.payload.serializedData())
            let result = try await stages.apply(update)
            let indexed = ArticleIndexed.with {
                $0.articleID = result.articleID
                $0.revision = result.revision
                $0.stages = result.stages
            }
            return [indexed]
        } catch let error as IndexError {
            throw RPCError(error)
        }
    }
}
