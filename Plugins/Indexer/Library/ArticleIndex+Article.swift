import BaridSchema
import Foundation
import GRDB

extension ArticleIndex {
    /// How many ids an ambiguous prefix is answered with at most.
    static let maximumCandidates = 10

    /// Returns all that is known of one article: its searchable revision, or, before any is parsed,
    /// the newest of which something came in.
    ///
    /// - Parameter idOrPrefix: The id, or a beginning of it that no other article shares.
    /// - Returns: The stages that are in; `article` is absent until it is parsed.
    /// - Throws: ``IndexError/notFound(_:)`` or ``IndexError/ambiguous(prefix:candidates:)``.
    public func article(
        _ idOrPrefix: String
    ) throws(IndexError) -> Barid_Index_V1_GetArticleResponse {
        try reading { db in try Self.article(idOrPrefix, in: db) }
    }

    /// Returns all that is known of one article, without blocking the calling task.
    ///
    /// - Parameter idOrPrefix: As in the call that blocks.
    /// - Returns: As there.
    /// - Throws: As there; ``IndexError/storage(file:detail:)`` when the task is cancelled.
    public func article(
        _ idOrPrefix: String
    ) async throws(IndexError) -> Barid_Index_V1_GetArticleResponse {
        try await reading { db in try Self.article(idOrPrefix, in: db) }
    }

    private static func article(
        _ idOrPrefix: String, in db: Database
    ) throws -> Barid_Index_V1_GetArticleResponse {
        let article = try find(idOrPrefix, db)
        let revision = try Int64.fetchOne(
            db,
            sql: """
                SELECT coalesce(current, (SELECT pk FROM revision
                    WHERE article = article.pk ORDER BY rank DESC, name DESC LIMIT 1))
                FROM article WHERE pk = ?
                """, arguments: [article])
        var response = Barid_Index_V1_GetArticleResponse()
        var stages: StageSet = []
        let rows = try Row.fetchAll(
            db, sql: "SELECT stage, payload FROM stage WHERE revision = ?", arguments: [revision])
        for row in rows {
            guard let stage = Barid_Article_V1_Stage(rawValue: try row.value("stage")),
                let payload: Data = try row.optional("payload")
            else { continue }
            stages.insert(StageSet(stage))
            switch stage {
            case .parsed:
                response.article = try Barid_Article_V1_Article(serializedBytes: payload)
            case .tagged:
                response.tagged = try Barid_Article_V1_ArticleTagged(serializedBytes: payload)
            case .moderated:
                response.moderated = try Barid_Article_V1_ArticleModerated(serializedBytes: payload)
            case .summarized:
                response.summarized = try Barid_Article_V1_ArticleSummarized(
                    serializedBytes: payload)
            case .unspecified, .submitted, .indexed, .reviewed, .retracted, .UNRECOGNIZED:
                continue
            }
        }
        response.reviews = try Data.fetchAll(
            db, sql: "SELECT payload FROM review WHERE revision = ? ORDER BY target",
            arguments: [revision]
        ).map { try Barid_Article_V1_ArticleReviewed(serializedBytes: $0) }
        if !response.reviews.isEmpty { stages.insert(StageSet(.reviewed)) }
        let retracted = try Data.fetchOne(
            db, sql: "SELECT payload FROM retraction WHERE article = ?", arguments: [article])
        if let retracted {
            response.retracted = try Barid_Article_V1_ArticleRetracted(serializedBytes: retracted)
            stages.insert(StageSet(.retracted))
        }
        response.stages = stages.stages
        let indexed = try Int64.fetchOne(
            db, sql: "SELECT indexed FROM document WHERE pk = ?", arguments: [article])
        if let indexed {
            response.indexed.seconds = indexed / 1_000_000
            response.indexed.nanos = Int32(clamping: indexed % 1_000_000 * 1_000)
        }
        return response
    }

    private static func find(_ idOrPrefix: String, _ db: Database) throws -> Int64 {
        guard !idOrPrefix.isEmpty, !idOrPrefix.utf8.contains(0) else {
            throw IndexError.notFound(idOrPrefix)
        }
        let exact = try Int64.fetchOne(
            db, sql: "SELECT pk FROM article WHERE id = ?", arguments: [idOrPrefix])
        if let exact { return exact }
        // U+10FFFF sorts after every continuation of the prefix.
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT pk, id FROM article WHERE id > ?1 AND id < ?1 || char(0x10FFFF)
                ORDER BY id LIMIT ?2
                """, arguments: [idOrPrefix, maximumCandidates])
        guard let first = rows.first else { throw IndexError.notFound(idOrPrefix) }
        guard rows.count == 1 else {
            throw IndexError.ambiguous(
                prefix: idOrPrefix, candidates: try rows.map { try $0.value("id") })
        }
        return try first.value("pk")
    }
}
