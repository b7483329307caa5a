import BaridSchema
import BaridText
import Foundation
import GRDB

extension ArticleIndex {
    /// How many hits a search returns when it does not say.
    public static let defaultLimit = 10

    /// The most hits of one search.
    public static let maximumLimit = 100

    /// Finds articles, best first.
    ///
    /// A word is found with and without its clitics and with common endings, a phrase in quotes
    /// with and without clitics. Exact forms, words that stand near one another, headlines and the
    /// names of people and places rank higher. When not all words are in an article, it is not
    /// found: nothing is left out silently.
    ///
    /// - Parameter request: See `Protocols/barid/index/v1/index.proto`.
    /// - Returns: Hits with their pieces of text; `total` counts those before and after them too.
    /// - Throws: ``IndexError/query(_:)`` when there is nothing to search for.
    public func search(
        _ request: Barid_Index_V1_SearchRequest
    ) throws(IndexError) -> Barid_Index_V1_SearchResponse {
        try reading { db in try Self.search(request, in: db) }
    }

    /// Finds articles, best first, without blocking the calling task.
    ///
    /// - Parameter request: As in the call that blocks.
    /// - Returns: As there.
    /// - Throws: As there; ``IndexError/storage(file:detail:)`` when the task is cancelled.
    public func search(
        _ request: Barid_Index_V1_SearchRequest
    ) async throws(IndexError) -> Barid_Index_V1_SearchResponse {
        try await reading { db in try Self.search(request, in: db) }
    }

    private static func search(
        _ request: Barid_Index_V1_SearchRequest, in db: Database
    ) throws -> Barid_Index_V1_SearchResponse {
        let query = try SearchQuery(request.query)
        let withheld = request.includeWithheld
        let match = MatchExpression(
            query, columns: withheld ? nil : IndexSchema.visibleColumns)
        let limit = request.limit == 0 ? defaultLimit : Int(request.limit)
        let condition =
            withheld ? "" : "AND decision <= \(Barid_Article_V1_Decision.pass.rawValue)"

        var response = Barid_Index_V1_SearchResponse()
        response.terms = query.required.map(\.folded)
        let count = try db.cachedStatement(
            sql: """
                SELECT count(*) FROM fts JOIN document ON document.pk = fts.rowid
                WHERE fts MATCH ? \(condition)
                """)
        response.total = try UInt64.fetchOne(count, arguments: [match.plain]) ?? 0
        guard response.total > 0 else { return response }
        let weights = IndexSchema.weights.map { "\($0)" }.joined(separator: ", ")
        let best = try db.cachedStatement(
            sql: """
                SELECT fts.rowid AS pk, -bm25(fts, \(weights)) AS score
                FROM fts JOIN document ON document.pk = fts.rowid
                WHERE fts MATCH ? \(condition)
                ORDER BY score DESC, published DESC, fts.rowid LIMIT ? OFFSET ?
                """)
        let rows = try Row.fetchAll(
            best, arguments: [match.ranked, min(limit, maximumLimit), Int64(request.offset)])
        let load = try db.cachedStatement(
            sql: """
                SELECT document.*, article.id AS id, revision.name AS revision FROM document
                JOIN article USING (pk) JOIN revision ON revision.pk = article.current
                WHERE document.pk = ?
                """)
        for row in rows {
            let pk: Int64 = try row.value("pk")
            guard let document = try Row.fetchOne(load, arguments: [pk]) else { continue }
            response.hits.append(
                try hit(document, score: try row.value("score"), query: query, withheld: withheld))
        }
        return response
    }

    private static func hit(
        _ row: Row, score: Double, query: SearchQuery, withheld: Bool
    ) throws -> Barid_Index_V1_Hit {
        let document = try DocumentRow(row: row)
        var texts = document.texts.makeIterator()
        let headline = texts.next() ?? ""
        let body = (texts.next() ?? "").split(separator: "\n")
        var comments = (texts.next() ?? "").split(separator: DocumentRow.commentSeparator)
        let hidden = (texts.next() ?? "").split(separator: DocumentRow.commentSeparator)
        if withheld { comments += hidden }
        let names = Tokenizer.tokenize(texts.next() ?? "")

        let maker = SnippetMaker(
            query: query, names: Set(Analyzer.words(of: names).map { String($0.folded) }))
        var hit = Barid_Index_V1_Hit()
        hit.articleID = try row.value("id")
        hit.revision = try row.value("revision")
        hit.score = score
        if !headline.isEmpty { hit.headline = maker.whole(headline, field: "headline") }
        hit.snippets = maker.best(of: body, limit: SnippetMaker.maximumPieces, field: "body")
        if hit.snippets.isEmpty, let first = body.first,
            let beginning = maker.beginning(of: first, field: "body")
        {
            hit.snippets = [beginning]
        }
        hit.snippets += maker.best(of: comments, limit: 1, field: "comment")
        hit.publisher = document.publisher
        hit.url = document.url
        hit.language = document.language
        if let seconds = document.published {
            hit.published.seconds = seconds
            hit.published.nanos = Int32(clamping: document.publishedNanos ?? 0)
        }
        hit.decision =
            Barid_Article_V1_Decision(rawValue: Int(clamping: document.decision)) ?? .unspecified
        return hit
    }
}
