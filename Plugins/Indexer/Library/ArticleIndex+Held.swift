import BaridSchema
import Foundation
import GRDB

extension ArticleIndex {
    /// How many held articles and comments are listed when the request does not say.
    public static let defaultHeldLimit = 50

    /// The most of one answer.
    public static let maximumHeldLimit = 500

    /// Lists what is held and waits for a person, the first submitted first.
    ///
    /// - Parameter request: See `Protocols/barid/index/v1/index.proto`.
    /// - Returns: Articles and comments with the moderator's verdicts; `total` counts all there are.
    /// - Throws: ``IndexError``; ``IndexError/storage(file:detail:)`` when the task is cancelled.
    public func held(
        _ request: Barid_Index_V1_ListHeldRequest
    ) async throws(IndexError) -> Barid_Index_V1_ListHeldResponse {
        try await reading { db in try Self.held(request, in: db) }
    }

    private static func held(
        _ request: Barid_Index_V1_ListHeldRequest, in db: Database
    ) throws -> Barid_Index_V1_ListHeldResponse {
        let limit = request.limit == 0 ? defaultHeldLimit : Int(request.limit)
        var response = Barid_Index_V1_ListHeldResponse()
        response.total = try UInt64.fetchOne(db, sql: "SELECT count(*) FROM held") ?? 0
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT target, article.id AS id, revision.name AS revision, parsed.payload AS parsed,
                    moderated.payload AS moderated
                FROM held JOIN article ON article.pk = held.article
                JOIN revision ON revision.pk = article.current
                JOIN stage AS parsed ON parsed.revision = revision.pk
                    AND parsed.stage = \(Barid_Article_V1_Stage.parsed.rawValue)
                JOIN stage AS moderated ON moderated.revision = revision.pk
                    AND moderated.stage = \(Barid_Article_V1_Stage.moderated.rawValue)
                ORDER BY revision.rank, article.pk, target LIMIT ? OFFSET ?
                """, arguments: [min(limit, maximumHeldLimit), Int64(request.offset)])
        response.held = try rows.map(held(in:))
        return response
    }

    private static func held(in row: Row) throws -> Barid_Index_V1_Held {
        let article = try Barid_Article_V1_Article(
            serializedBytes: try row.value("parsed") as Data)
        let moderated = try Barid_Article_V1_ArticleModerated(
            serializedBytes: try row.value("moderated") as Data)
        var held = Barid_Index_V1_Held()
        held.articleID = try row.value("id")
        held.revision = try row.value("revision")
        held.headline = article.headline.text
        switch ReviewTarget(number: try row.value("target")) {
        case .article:
            held.verdict = moderated.article
        case .comment(let number):
            held.commentNumber = number
            held.text = article.comments.first { $0.number == number }?.text.text ?? ""
            // Of several with one number the one that holds it.
            let verdicts = moderated.comments.filter { $0.commentNumber == number }.map(\.verdict)
            held.verdict = verdicts.first { $0.decision == .hold } ?? .init()
        }
        return held
    }
}
