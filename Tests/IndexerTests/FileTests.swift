import BaridSchema
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Indexer

@Suite struct FileTests {
    /// Changes a closed file without our code.
    private func edit(_ file: String, _ sql: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { db in db.add(tokenizer: BaridTokenizer.self) }
        let queue = try DatabaseQueue(path: file, configuration: configuration)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    private func makeIndex(in folder: TemporaryFolder) throws {
        let index = try ArticleIndex(path: folder.file)
        _ = try index.apply(
            (0..<100).map {
                try StageUpdate(article("a\($0)", body: ["خبر رقم \($0) من الميناء"]), order: 1)
            })
        try index.close()
    }

    private func count(_ index: ArticleIndex) throws -> UInt64 {
        var request = Barid_Index_V1_SearchRequest()
        request.query = "ميناء"
        return try index.search(request).total
    }

    @Test func keepsWhatItHasWhenOpenedAgain() throws {
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        let index = try ArticleIndex(path: folder.file)
        #expect(try count(index) == 100)
        #expect(try index.integrityCheck() == [])
    }

    /// "Committed" means on the disk: the ack follows it.
    @Test func commitsToTheDisk() throws {
        let folder = try TemporaryFolder()
        let index = try ArticleIndex(path: folder.file)
        let (mode, synchronous) = try index.pool.writeWithoutTransaction { db in
            (
                try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(db, sql: "PRAGMA synchronous")
            )
        }
        #expect(mode == "wal")
        #expect(synchronous == 2)
    }

    @Test func refusesANewerFileAndNamesBothVersions() throws {
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        try edit(folder.file, "PRAGMA user_version = 9")
        let expected = IndexError.newer(
            file: folder.file, found: 9, supported: IndexSchema.version)
        #expect(throws: expected) { try ArticleIndex(path: folder.file) }
        #expect("\(expected)".contains("version 9") && "\(expected)".contains("up to 2"))
    }

    @Test func indexesAgainWhatAnOlderAnalysisWrote() throws {
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        try edit(
            folder.file,
            "UPDATE setting SET value = 0; INSERT INTO fts(fts) VALUES ('delete-all')")
        let index = try ArticleIndex(path: folder.file)
        #expect(try count(index) == 100)
        #expect(try index.integrityCheck() == [])
    }

    @Test func refusesAnalysisOfANewerFile() throws {
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        try edit(folder.file, "UPDATE setting SET value = 99")
        #expect(throws: IndexError.self) { try ArticleIndex(path: folder.file) }
    }

    @Test func refusesTheDatabaseOfAnother() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/other.sqlite"
        try edit(file, "CREATE TABLE t(a); PRAGMA application_id = 7")
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(throws: IndexError.foreign(file: file)) { try ArticleIndex(path: file) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
        try edit(file, "PRAGMA application_id = 0")
        #expect(throws: IndexError.foreign(file: file)) { try ArticleIndex(path: file) }
    }

    @Test(arguments: [1, 50, 4_096])
    func namesAFileThatIsNoDatabase(size: Int) throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/index.sqlite"
        try Data(repeating: 0x78, count: size).write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: IndexError.self) { try ArticleIndex(path: file) }
        #expect(error?.description.contains(file) == true)
        guard case .damaged = error else {
            Issue.record("not damaged: \(String(describing: error))")
            return
        }
    }

    /// Damage in the middle is found by the check, named, and never a trap.
    @Test func findsDamageInTheMiddle() throws {
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        for offset in stride(from: 4_096 * 2 + 8, to: bytes.count, by: 97) { bytes[offset] ^= 0x5A }
        try bytes.write(to: URL(fileURLWithPath: folder.file))
        do {
            let index = try ArticleIndex(path: folder.file)
            #expect(try index.integrityCheck() != [])
        } catch {
            #expect("\(error)".contains(folder.file))
        }
    }

    @Test func namesAFolderItCannotMake() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/taken"))
        let file = folder.path + "/taken/index.sqlite"
        let error = #expect(throws: IndexError.self) { try ArticleIndex(path: file) }
        #expect(error?.description.contains(file) == true)
    }

    /// A transaction that fails half way leaves nothing behind.
    @Test func undoesATransactionThatFails() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        try makeIndex(in: folder)
        let index = try ArticleIndex(path: folder.file)
        #expect(throws: Stop.self) {
            try index.pool.write { db in
                var writer = IndexWriter(db, now: 0)
                _ = try writer.apply(try StageUpdate(article("new", body: ["ميناء"]), order: 1))
                try writer.finish()
                throw Stop()
            }
        }
        #expect(try count(index) == 100)
        #expect(try index.counts().articles == 100)
        #expect(try index.integrityCheck() == [])
    }
}
