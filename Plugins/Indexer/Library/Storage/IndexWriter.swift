import BaridSchema
import Foundation
import GRDB

/// The changes of one write transaction.
///
/// Updates are applied in order; then each article they touched gets its document and its place in
/// the full-text index anew, once, whatever the number of its updates.
struct IndexWriter {
    private let db: Database
    private let now: Int64
    private var touched: [Int64] = []
    private var isTouched: Set<Int64> = []

    /// Starts the changes of a transaction.
    ///
    /// - Parameters:
    ///   - db: The connection, in a write transaction.
    ///   - now: The time, in microseconds since 1970.
    init(_ db: Database, now: Int64) {
        self.db = db
        self.now = now
    }

    /// Which of two revisions of an article is newer: by order, then by name.
    private struct RevisionKey: Comparable {
        let rank: Int64?
        let name: String

        init(_ row: Row) throws {
            rank = try row.optional("rank")
            name = try row.value("name")
        }

        static func < (left: Self, right: Self) -> Bool {
            guard left.rank == right.rank else {
                return (left.rank ?? .min, left.rank == nil ? 0 : 1)
                    < (right.rank ?? .min, right.rank == nil ? 0 : 1)
            }
            return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }

    /// Takes one stage in, unless it is in.
    ///
    /// - Parameter update: The stage.
    /// - Returns: What it did.
    /// - Throws: An error of SQLite; the transaction is then to be undone.
    mutating func apply(_ update: StageUpdate) throws -> ApplyResult {
        let article = try key(
            of: "article", insert: "INSERT OR IGNORE INTO article(id) VALUES (?)",
            select: "SELECT pk FROM article WHERE id = ?", [update.articleID])
        let revision = try key(
            of: "revision", insert: "INSERT OR IGNORE INTO revision(article, name) VALUES (?, ?)",
            select: "SELECT pk FROM revision WHERE article = ? AND name = ?",
            [article, update.revision])
        switch update.stage {
        case .reviewed: return try review(update, revision, of: article)
        case .retracted: return try retract(update, revision, of: article)
        case .unspecified, .submitted, .parsed, .tagged, .moderated, .indexed, .summarized,
            .UNRECOGNIZED:
            break
        }
        let isRaised = try raiseRank(of: revision, to: update.order)
        let wasCurrent = try current(of: article)
        let superseded = try isSuperseded(revision, by: wasCurrent)

        func result(_ present: StageSet, changed: Bool, superseded: Bool) -> ApplyResult {
            ApplyResult(
                articleID: update.articleID, revision: update.revision, stages: present.stages,
                changed: changed, superseded: superseded)
        }
        let known = try row(
            """
            SELECT replay, present, payload IS NULL AS dropped FROM stage
            WHERE revision = ? AND stage = ?
            """, [revision, update.stage.rawValue])
        if let known {
            let replay: Int64 = try known.value("replay")
            let isDropped: Bool = try known.value("dropped")
            if replay >= Int64(update.replay), superseded || !isDropped {
                if isRaised { try settleCurrent(of: article, was: wasCurrent) }
                return result(
                    StageSet(rawValue: try known.value("present")), changed: false,
                    superseded: superseded)
            }
        }

        let present = try present(of: revision, article).union(StageSet(update.stage))
        try run(
            """
            INSERT INTO stage(revision, stage, replay, present, payload) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT(revision, stage) DO UPDATE SET
                replay = excluded.replay, present = excluded.present, payload = excluded.payload
            """,
            [
                revision, update.stage.rawValue, Int64(update.replay), present.rawValue,
                superseded ? nil : update.payload,
            ])
        if update.stage == .parsed || isRaised { try settleCurrent(of: article, was: wasCurrent) }
        if !superseded, try current(of: article) == revision { touch(article) }
        return result(present, changed: !superseded, superseded: superseded)
    }

    /// Writes the documents of the articles that changed; the last call.
    mutating func finish() throws {
        for article in touched { try writeDocument(of: article) }
        touched = []
        isTouched = []
    }

    private mutating func touch(_ article: Int64) {
        if isTouched.insert(article).inserted { touched.append(article) }
    }

    // MARK: What people decide

    /// Keeps a decision that holds against the one there is; the moderator's verdict stays beside it.
    private mutating func review(
        _ update: StageUpdate, _ revision: Int64, of article: Int64
    ) throws -> ApplyResult {
        let new = try Barid_Article_V1_ArticleReviewed(serializedBytes: update.payload)
        let target = ReviewTarget(new).number
        let known = try row(
            "SELECT payload FROM review WHERE revision = ? AND target = ?", [revision, target])
        var holds = true
        if let known {
            let old = try Barid_Article_V1_ArticleReviewed(
                serializedBytes: try known.value("payload") as Data)
            holds = try new.holds(against: old)
        }
        if holds {
            try run(
                "INSERT OR REPLACE INTO review(revision, target, payload) VALUES (?, ?, ?)",
                [revision, target, update.payload])
            if try current(of: article) == revision { touch(article) }
        }
        return try result(of: update, revision, article, changed: holds)
    }

    /// Takes an article back, for good; of several retractions the first by their bytes is kept.
    private mutating func retract(
        _ update: StageUpdate, _ revision: Int64, of article: Int64
    ) throws -> ApplyResult {
        let known: Data? = try row("SELECT payload FROM retraction WHERE article = ?", [article])?
            .optional("payload")
        let changed = known.map { update.payload.lexicographicallyPrecedes($0) } ?? true
        if changed {
            try run(
                "INSERT OR REPLACE INTO retraction(article, payload) VALUES (?, ?)",
                [article, update.payload])
            touch(article)
        }
        return try result(of: update, revision, article, changed: changed)
    }

    private func result(
        of update: StageUpdate, _ revision: Int64, _ article: Int64, changed: Bool
    ) throws -> ApplyResult {
        ApplyResult(
            articleID: update.articleID, revision: update.revision,
            stages: try present(of: revision, article).stages, changed: changed,
            superseded: try isSuperseded(revision, by: try current(of: article)))
    }

    /// The stages of a revision that are in.
    private func present(of revision: Int64, _ article: Int64) throws -> StageSet {
        var present: StageSet = []
        let stages = try db.cachedStatement(sql: "SELECT stage FROM stage WHERE revision = ?")
        for stage in try Int.fetchAll(stages, arguments: [revision]) {
            present.insert(StageSet(Barid_Article_V1_Stage(rawValue: stage) ?? .unspecified))
        }
        if try row("SELECT 1 FROM review WHERE revision = ? LIMIT 1", [revision]) != nil {
            present.insert(StageSet(.reviewed))
        }
        if try row("SELECT 1 FROM retraction WHERE article = ?", [article]) != nil {
            present.insert(StageSet(.retracted))
        }
        return present
    }

    private func reviews(of article: Int64) throws -> [Barid_Article_V1_ArticleReviewed] {
        let reviews = try db.cachedStatement(
            sql: """
                SELECT payload FROM review JOIN article ON article.current = review.revision
                WHERE article.pk = ?
                """)
        return try Data.fetchAll(reviews, arguments: [article])
            .map { try Barid_Article_V1_ArticleReviewed(serializedBytes: $0) }
    }

    // MARK: Revisions

    private func raiseRank(of revision: Int64, to order: Int64?) throws -> Bool {
        guard let order else { return false }
        try run(
            "UPDATE revision SET rank = ?1 WHERE pk = ?2 AND (rank IS NULL OR rank < ?1)",
            [order, revision])
        return db.changesCount > 0
    }

    private func current(of article: Int64) throws -> Int64? {
        try row("SELECT current FROM article WHERE pk = ?", [article])?.optional("current")
    }

    private func isSuperseded(_ revision: Int64, by current: Int64?) throws -> Bool {
        guard let current, current != revision, let own = try revisionKey(revision),
            let other = try revisionKey(current)
        else { return false }
        return own < other
    }

    private func revisionKey(_ revision: Int64) throws -> RevisionKey? {
        try row("SELECT rank, name FROM revision WHERE pk = ?", [revision]).map {
            try RevisionKey($0)
        }
    }

    /// Makes the newest parsed revision the current one, and drops what older ones held.
    private mutating func settleCurrent(of article: Int64, was: Int64?) throws {
        let newest = try row(
            """
            SELECT revision.pk AS pk, rank, name FROM revision
            JOIN stage ON stage.revision = revision.pk
                AND stage.stage = \(Barid_Article_V1_Stage.parsed.rawValue)
                AND stage.payload IS NOT NULL
            WHERE article = ? ORDER BY rank DESC, name DESC LIMIT 1
            """, [article])
        guard let newest else { return }
        let pk: Int64 = try newest.value("pk")
        let key = try RevisionKey(newest)
        guard pk != was else { return }
        try run("UPDATE article SET current = ? WHERE pk = ?", [pk, article])
        let all = try db.cachedStatement(
            sql: "SELECT pk, rank, name FROM revision WHERE article = ?")
        for row in try Row.fetchAll(all, arguments: [article])
        where try RevisionKey(row) < key {
            let older: Int64 = try row.value("pk")
            try run("UPDATE stage SET payload = NULL WHERE revision = ?", [older])
        }
        touch(article)
    }

    // MARK: Documents

    private func writeDocument(of article: Int64) throws {
        let stages = try db.cachedStatement(
            sql: """
                SELECT stage, payload FROM stage JOIN article ON article.current = stage.revision
                WHERE article.pk = ? AND payload IS NOT NULL
                """)
        var payloads: [Int: Data] = [:]
        for row in try Row.fetchAll(stages, arguments: [article]) {
            payloads[try row.value("stage")] = try row.value("payload")
        }
        guard let parsed = payloads[Barid_Article_V1_Stage.parsed.rawValue] else { return }
        let old = try row("SELECT * FROM document WHERE pk = ?", [article]).map(
            DocumentRow.init(row:))
        guard try row("SELECT 1 FROM retraction WHERE article = ?", [article]) == nil else {
            if let old { try run(Self.deleteText, [article] + old.texts) }
            try run("DELETE FROM document WHERE pk = ?", [article])
            try IndexSchema.keep(held: [], of: article, in: db)
            return
        }
        let decisions = Decisions(
            try payloads[Barid_Article_V1_Stage.moderated.rawValue].map {
                try Barid_Article_V1_ArticleModerated(serializedBytes: $0)
            }, reviews: try reviews(of: article))
        try IndexSchema.keep(held: decisions.held, of: article, in: db)
        let new = DocumentRow(
            try Barid_Article_V1_Article(serializedBytes: parsed),
            tagged: try payloads[Barid_Article_V1_Stage.tagged.rawValue].map {
                try Barid_Article_V1_ArticleTagged(serializedBytes: $0)
            },
            decisions: decisions,
            summarized: try payloads[Barid_Article_V1_Stage.summarized.rawValue].map {
                try Barid_Article_V1_ArticleSummarized(serializedBytes: $0)
            })
        guard let old else {
            try run(Self.insertDocument, [article] + new.values + [now])
            try run(Self.insertText, [article] + new.texts)
            return
        }
        // The full-text index keeps no text of its own: it must be told what to forget.
        let isTextNew = !zip(old.texts, new.texts).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
        if isTextNew { try run(Self.deleteText, [article] + old.texts) }
        try run(Self.updateDocument, new.values + [now, article])
        if isTextNew { try run(Self.insertText, [article] + new.texts) }
    }

    private static let insertDocument = """
        INSERT INTO document(pk, \(DocumentRow.sqlColumns.joined(separator: ", ")), indexed)
        VALUES (\(marks(DocumentRow.sqlColumns.count + 2)))
        """
    private static let updateDocument = """
        UPDATE document SET \(DocumentRow.sqlColumns.map { "\($0) = ?" }.joined(separator: ", ")),
        indexed = ? WHERE pk = ?
        """
    private static let insertText = """
        INSERT INTO fts(rowid, \(IndexSchema.columns.joined(separator: ", ")))
        VALUES (\(marks(IndexSchema.columns.count + 1)))
        """
    private static let deleteText = """
        INSERT INTO fts(fts, rowid, \(IndexSchema.columns.joined(separator: ", ")))
        VALUES ('delete', \(marks(IndexSchema.columns.count + 1)))
        """

    private static func marks(_ count: Int) -> String {
        repeatElement("?", count: count).joined(separator: ", ")
    }

    // MARK: Statements

    private func key(
        of table: String, insert: String, select: String,
        _ values: [(any DatabaseValueConvertible)?]
    ) throws -> Int64 {
        if let row = try row(select, values) { return try row.value("pk") }
        try run(insert, values)
        return db.lastInsertedRowID
    }

    private func run(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
    }

    private func row(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: StatementArguments(values))
    }
}
