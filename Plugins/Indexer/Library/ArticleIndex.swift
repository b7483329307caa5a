import BaridSchema
import Foundation
import GRDB

/// The searchable store of all articles: one SQLite file with a full-text index.
///
/// Stages of an article come in by ``apply(_:)-([StageUpdate])``, in any order and as often as the
/// bus delivers them; a call that has returned is on the disk. Articles come out by
/// ``search(_:)`` and ``article(_:)``, each of which sees one committed state.
///
/// A call that is not `async` blocks on the disk: make it on a thread that may wait. A worker that
/// gets stages one by one gives them to a ``StageQueue``, which takes in together what is waiting.
/// All calls are safe from any thread; writers wait for one another, readers for nobody.
public final class ArticleIndex: Sendable {
    /// The path of the index file.
    public let file: String

    let pool: DatabasePool
    private let now: @Sendable () -> Date

    /// Opens an index, or makes one.
    ///
    /// - Parameters:
    ///   - path: The file; missing folders are made, readable by their owner only. SQLite keeps two
    ///     more files beside it (`-wal`, `-shm`).
    ///   - now: The clock that tells when an article was indexed.
    /// - Throws: ``IndexError``: a newer, foreign or damaged file is left as it is.
    public init(
        path: String, now: @escaping @Sendable () -> Date = { Date() }
    ) throws(IndexError) {
        file = path
        self.now = now
        do {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(),
                withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .storage(file: path, detail: "cannot make its folder: \(error)")
        }
        try IndexSchema.checkHeader(of: path)
        var configuration = Configuration()
        configuration.label = "barid-index"
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in db.add(tokenizer: BaridTokenizer.self) }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            // The pool starts with NORMAL, under which a power cut may undo what was committed.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
            try pool.write { db in try IndexSchema.prepare(db, file: path) }
        } catch {
            throw IndexError(error, file: path)
        }
    }

    /// Closes the file, and folds the write-ahead log into it; no call may follow.
    ///
    /// - Throws: ``IndexError`` when a call is still running.
    public func close() throws(IndexError) {
        do {
            try pool.close()
        } catch {
            throw IndexError(error, file: file)
        }
    }

    /// Takes stages in, all or none, in one transaction that is on the disk when this returns.
    ///
    /// Each (article, revision, stage) is taken once per replay number, the highest replay wins,
    /// and an older revision never replaces a newer one. Many updates cost little more than one.
    ///
    /// - Parameter updates: The stages, in any order.
    /// - Returns: What each did, in order.
    /// - Throws: ``IndexError``; then nothing was taken in, and the call may be made again.
    public func apply(_ updates: [StageUpdate]) throws(IndexError) -> [ApplyResult] {
        let microseconds = Int64((now().timeIntervalSince1970 * 1_000_000).rounded())
        return try writing { db in
            var writer = IndexWriter(db, now: microseconds)
            let results = try updates.map { try writer.apply($0) }
            try writer.finish()
            return results
        }
    }

    /// Takes one stage in; see ``apply(_:)-([StageUpdate])``.
    ///
    /// - Parameter update: The stage.
    /// - Returns: What it did.
    /// - Throws: ``IndexError``; then nothing was taken in, and the call may be made again.
    public func apply(_ update: StageUpdate) throws(IndexError) -> ApplyResult {
        guard let result = try apply([update]).first else {
            throw .storage(file: file, detail: "no result of a stage")
        }
        return result
    }

    /// Returns how much the index holds.
    ///
    /// - Returns: Numbers of one committed state.
    /// - Throws: ``IndexError``.
    public func counts() throws(IndexError) -> IndexCounts {
        try reading { db in
            func count(_ table: String) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
            return IndexCounts(
                articles: try count("article"), searchable: try count("document"),
                withheld: try count(
                    "document WHERE decision > \(Barid_Article_V1_Decision.pass.rawValue)"))
        }
    }

    /// Checks the whole file.
    ///
    /// That is its pages, the full-text index against the texts, and the documents against the
    /// stages; it takes about as long as indexing everything again.
    ///
    /// - Returns: What is wrong; empty when all is well.
    /// - Throws: ``IndexError`` when the check itself cannot be made.
    public func integrityCheck() throws(IndexError) -> [String] {
        try writing { db in
            var problems = try String.fetchAll(db, sql: "PRAGMA integrity_check")
                .filter { $0 != "ok" }
            do {
                try db.execute(sql: "INSERT INTO fts(fts, rank) VALUES ('integrity-check', 1)")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                problems.append("the full-text index does not agree with the texts")
            }
            problems += try String.fetchAll(
                db,
                sql: "SELECT id || ': current, but has no document' FROM article WHERE "
                    + "current IS NOT NULL AND pk NOT IN (SELECT pk FROM document) "
                    + "AND pk NOT IN (SELECT article FROM retraction)")
            problems += try String.fetchAll(
                db,
                sql: "SELECT id || ': has a document, but no parsed stage' FROM article "
                    + "JOIN document USING (pk) WHERE NOT EXISTS (SELECT 1 FROM stage WHERE "
                    + "revision = current AND payload IS NOT NULL AND "
                    + "stage = \(Barid_Article_V1_Stage.parsed.rawValue))")
            return problems
        }
    }

    func reading<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw IndexError(error, file: file)
        }
    }

    func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(IndexError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw IndexError(error, file: file)
        }
    }

    private func writing<Value>(_ body: (Database) throws -> Value) throws(IndexError) -> Value {
        do {
            return try pool.write(body)
        } catch {
            throw IndexError(error, file: file)
        }
    }
}
