import BaridSchema
import GRDB
import TestSupport
import Testing

@testable import Indexer

@Suite struct StageQueueTests {
    /// Stages that come one by one are taken in once each, and everyone learns of his own.
    @Test func answersEachStageWithItsOwnResult() async throws {
        let test = try TestIndex()
        let queue = StageQueue(before: test.index)
        let results = try await withThrowingTaskGroup(of: ApplyResult.self) { group in
            for number in 0..<600 {
                let update = try StageUpdate(article("a\(number % 300)", body: ["خبر"]), order: 1)
                group.addTask {
                    let result = try await queue.apply(update)
                    #expect(result.articleID == update.articleID)
                    return result
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 600)
        #expect(results.count { $0.changed } == 300)
        var request = Barid_Index_V1_SearchRequest()
        request.query = "خبر"
        #expect(try await test.index.search(request).total == 300)
        #expect(try await test.index.article("a299").stages == [.parsed])
    }

    /// When the disk refuses, everyone who waits is told, and nothing is taken in.
    @Test func tellsEveryoneWhenTheTransactionFails() async throws {
        let test = try TestIndex()
        let queue = StageQueue(before: test.index)
        try await test.index.pool.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON stage
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
        }
        await withTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    await #expect(throws: IndexError.self) {
                        try await queue.apply(
                            try StageUpdate(article("a\(number)", body: ["خبر"]), order: 1))
                    }
                }
            }
        }
        #expect(try test.index.counts().articles == 0)
        try await test.index.pool.write { db in try db.execute(sql: "DROP TRIGGER refuse") }
        let update = try StageUpdate(article("a", body: ["خبر"]), order: 1)
        #expect(try await queue.apply(update).changed)
    }
}
