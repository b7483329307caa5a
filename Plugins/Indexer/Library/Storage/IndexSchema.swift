import BaridSchema
import Foundation
import GRDB

/// The tables of the index file, their version, and the way from each version to the next.
///
///     article ──< revision ──< stage        what has come in, once per (revision, stage)
///        │        └──< review              what people decided, the decision that holds
///        ├─── retraction                    articles taken back
///        ├──< held                          what waits for a person
///        └─── document ─── fts              the text of the current revision, searchable
enum IndexSchema {
    /// The version this code writes; a file's own is in its `user_version`.
    static let version = migrations.count

    /// Marks a file as Barid's index ("BRDI").
    static let applicationID: Int32 = 0x4252_4449

    /// The text columns of `document` and `fts`, in order.
    static let columns = ["headline", "body", "comments", "withheld", "names"]

    /// Weights of ``columns`` for bm25: a headline says what an article is about, and a name that
    /// the tagger found outweighs a word in passing.
    static let weights = [8.0, 1.0, 0.5, 0.5, 2.0]

    /// The columns that every search may look at; the others only with `include_withheld`.
    static let visibleColumns = ["headline", "body", "comments", "names"]

    /// Step `n` upgrades version `n` to `n + 1`.
    private static let migrations: [@Sendable (Database) throws -> Void] = [
        createTables, addReviews,
    ]

    /// Refuses what is plainly no index of ours, before SQLite touches the file.
    ///
    /// - Parameter file: The path of the file; an absent or empty one passes.
    /// - Throws: ``IndexError/foreign(file:)`` or ``IndexError/damaged(file:detail:)``.
    static func checkHeader(of file: String) throws(IndexError) {
        guard let handle = FileHandle(forReadingAtPath: file) else { return }
        defer { try? handle.close() }
        let header: Data
        do {
            header = try handle.read(upToCount: 100) ?? Data()
        } catch {
            throw .storage(file: file, detail: "\(error)")
        }
        guard !header.isEmpty else { return }
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw .damaged(file: file, detail: "it has no database header")
        }
        // Zero: created, and still in the write-ahead log as a whole.
        let found = header.dropFirst(68).prefix(4).reduce(Int32(0)) { $0 << 8 | Int32($1) }
        guard found == 0 || found == applicationID else { throw .foreign(file: file) }
    }

    /// Brings an opened file to ``version`` and to the present analysis.
    ///
    /// - Parameters:
    ///   - db: The connection, in a write transaction.
    ///   - file: The path, for errors.
    /// - Throws: ``IndexError`` when the file is newer or another program's.
    static func prepare(_ db: Database, file: String) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let owner = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard owner == applicationID || (owner == 0 && tables == 0) else {
            throw IndexError.foreign(file: file)
        }
        guard found <= version else {
            throw IndexError.newer(file: file, found: found, supported: version)
        }
        for migration in migrations.dropFirst(found) { try migration(db) }
        if found < version { try db.execute(sql: "PRAGMA user_version = \(version)") }

        let analysis = try Int.fetchOne(
            db, sql: "SELECT value FROM setting WHERE name = 'analysis'")
        guard let analysis, analysis <= Analyzer.version else {
            throw IndexError.newer(
                file: file, found: analysis ?? 0, supported: Analyzer.version)
        }
        guard analysis < Analyzer.version else { return }
        try db.execute(sql: "INSERT INTO fts(fts) VALUES ('rebuild')")
        try db.execute(
            sql: "UPDATE setting SET value = ? WHERE name = 'analysis'",
            arguments: [Analyzer.version])
    }

    private static func createTables(_ db: Database) throws {
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(
            sql: """
                CREATE TABLE setting(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
                INSERT INTO setting VALUES ('analysis', \(Analyzer.version));

                -- `current` is the revision that is searchable.
                CREATE TABLE article(
                    pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, current INTEGER) STRICT;

                -- Kept for good, so that a late stage of an old revision is known as old.
                CREATE TABLE revision(
                    pk INTEGER PRIMARY KEY, article INTEGER NOT NULL REFERENCES article(pk),
                    name TEXT NOT NULL, rank INTEGER, UNIQUE(article, name)) STRICT;

                -- `present`: the stages of the revision when this one came in, so that a repeat is
                -- answered alike. `payload` is null once a newer revision is current.
                CREATE TABLE stage(
                    pk INTEGER PRIMARY KEY, revision INTEGER NOT NULL REFERENCES revision(pk),
                    stage INTEGER NOT NULL, replay INTEGER NOT NULL, present INTEGER NOT NULL,
                    payload BLOB, UNIQUE(revision, stage)) STRICT;

                CREATE TABLE document(
                    pk INTEGER PRIMARY KEY REFERENCES article(pk),
                    headline TEXT NOT NULL, body TEXT NOT NULL, comments TEXT NOT NULL,
                    withheld TEXT NOT NULL, names TEXT NOT NULL,
                    publisher TEXT NOT NULL, url TEXT NOT NULL, language TEXT NOT NULL,
                    published INTEGER, published_nanos INTEGER,
                    decision INTEGER NOT NULL, indexed INTEGER NOT NULL) STRICT;

                CREATE VIRTUAL TABLE fts USING fts5(
                    \(columns.joined(separator: ", ")),
                    content = 'document', content_rowid = 'pk',
                    tokenize = '\(BaridTokenizer.name)', prefix = '2 3');
                """)
    }

    private static func addReviews(_ db: Database) throws {
        try db.execute(
            sql: """
                -- `target` is a comment's number, or -1 for the article itself.
                CREATE TABLE review(
                    revision INTEGER NOT NULL REFERENCES revision(pk), target INTEGER NOT NULL,
                    payload BLOB NOT NULL, PRIMARY KEY(revision, target)) STRICT;

                CREATE TABLE retraction(
                    article INTEGER PRIMARY KEY REFERENCES article(pk),
                    payload BLOB NOT NULL) STRICT;

                CREATE TABLE held(
                    article INTEGER NOT NULL REFERENCES article(pk), target INTEGER NOT NULL,
                    PRIMARY KEY(article, target)) STRICT;
                """)
        let verdicts = try Row.fetchCursor(
            db,
            sql: """
                SELECT article.pk AS pk, payload FROM article
                JOIN stage ON stage.revision = article.current AND payload IS NOT NULL
                    AND stage = \(Barid_Article_V1_Stage.moderated.rawValue)
                """)
        while let row = try verdicts.next() {
            let moderated = try Barid_Article_V1_ArticleModerated(
                serializedBytes: try row.value("payload") as Data)
            try keep(held: Decisions(moderated).held, of: try row.value("pk"), in: db)
        }
    }

    /// Writes down what waits for a person.
    static func keep(held: [ReviewTarget], of article: Int64, in db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM held WHERE article = ?")
            .execute(arguments: [article])
        for target in held {
            try db.cachedStatement(sql: "INSERT INTO held(article, target) VALUES (?, ?)")
                .execute(arguments: [article, target.number])
        }
    }
}
