import BaridSchema
import Foundation
import Testing

@testable import Indexer

/// DESIGN 2: stages join in any order, exactly once per (article, revision, stage, replay number).
@Suite struct ApplyTests {
    private func stages(revision: String = "r1", order: Int64? = 1) throws -> [StageUpdate] {
        [
            try StageUpdate(
                article(
                    "a", revision: revision, headline: "افتتاح الميناء",
                    body: ["وصلت سفينة إلى الميناء \(revision)"], comments: ["خبر جميل"]),
                order: order),
            try StageUpdate(tagged("a", revision: revision, names: ["ميناء السلام"]), order: order),
            try StageUpdate(moderated("a", revision: revision, comments: [.pass]), order: order),
        ]
    }

    /// Everything the file says, so that two ways to the same end can be compared.
    private func state(_ test: TestIndex) throws -> [String] {
        var response = try test.index.article("a")
        response.clearIndexed()
        return [
            response.textFormatString(), try test.search("الميناء").textFormatString(),
            try test.search("السلام").textFormatString(),
            try test.search("جميل").textFormatString(),
        ]
    }

    @Test func joinsStagesInAnyOrder() throws {
        var states: Set<[String]> = []
        for order in permutations(try stages()) {
            let test = try TestIndex()
            for (count, update) in order.enumerated() {
                let result = try test.index.apply(update)
                #expect(result.changed)
                #expect(result.stages.contains(update.stage))
                #expect(result.stages.count == count + 1)
            }
            #expect(try test.index.integrityCheck() == [])
            states.insert(try state(test))
        }
        #expect(states.count == 1)
        let found = try #require(states.first)
        #expect(found.dropFirst().allSatisfy { $0.contains("article_id: \"a\"") })
    }

    @Test func takesRevisionsAndStagesInAnyOrder() throws {
        // Two revisions of two stages each: 24 orders, one outcome.
        let updates =
            try stages(revision: "r1", order: 1).dropLast()
            + stages(revision: "r2", order: 2).dropLast()
        var states: Set<[String]> = []
        for order in permutations(Array(updates)) {
            let test = try TestIndex()
            for update in order { _ = try test.index.apply(update) }
            #expect(try test.find("r2") == ["a"])
            #expect(try test.find("r1") == [])
            #expect(try test.index.integrityCheck() == [])
            states.insert(try state(test))
        }
        #expect(states.count == 1)
    }

    @Test func takesEachStageOnce() throws {
        let test = try TestIndex()
        let updates = try stages()
        let first = try updates.map { try test.index.apply($0) }
        let before = try state(test)
        for (update, result) in zip(updates, first) {
            let again = try test.index.apply(update)
            #expect(!again.changed)
            // The event that a repeat gives rise to is the same, though all stages are in by now.
            #expect(again.stages == result.stages)
        }
        #expect(try state(test) == before)
        #expect(try test.index.counts().searchable == 1)
    }

    @Test func tellsTheStagesThatAreIn() throws {
        let test = try TestIndex()
        let submitted = try StageUpdate(
            stage: .submitted, articleID: "a", revision: "r1", order: 1, payload: Data([1, 2]))
        #expect(try test.index.apply(submitted).stages == [.submitted])
        let results = try test.index.apply(try stages())
        #expect(
            results.map(\.stages) == [
                [.submitted, .parsed], [.submitted, .parsed, .tagged],
                [.submitted, .parsed, .tagged, .moderated],
            ])
        #expect(try test.index.article("a").stages == [.submitted, .parsed, .tagged, .moderated])
    }

    /// Protocols/3-events.md §2: a summary is taken in like every other stage, once, and found.
    @Test func takesASummaryInOnce() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try stages())
        let summary = try StageUpdate(summarized("a", phrases: ["سد النهضة"]), order: 1)
        let first = try test.index.apply(summary)
        #expect(first.changed)
        #expect(first.stages == [.parsed, .tagged, .moderated, .summarized])
        #expect(try test.index.apply(summary).changed == false)
        #expect(try test.index.article("a").summarized.phrases.map(\.text) == ["سد النهضة"])
        #expect(try test.find("النهضة") == ["a"])
        let replay = try StageUpdate(
            summarized("a", phrases: ["جسر الوادي"]), order: 1, replay: 1)
        #expect(try test.index.apply(replay).changed)
        #expect(try test.find("النهضة").isEmpty)
    }

    @Test func neverGoesBackToAnOlderRevision() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try stages(revision: "r2", order: 20))
        let before = try state(test)
        let late = try test.index.apply(try stages(revision: "r1", order: 10))
        #expect(late.allSatisfy { $0.superseded && !$0.changed })
        // Whoever waits for the old revision learns that all of it has come in.
        #expect(late.last?.stages == [.parsed, .tagged, .moderated])
        #expect(try state(test) == before)
        let repeated = try test.index.apply(try stages(revision: "r1", order: 10))
        #expect(repeated == late)
    }

    @Test func keepsTheOldRevisionUntilTheNewOneIsParsed() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try stages(revision: "r1", order: 1))
        let new = try stages(revision: "r2", order: 2)
        _ = try test.index.apply(new[1])
        #expect(try test.find("r1") == ["a"])
        #expect(try test.index.article("a").article.revision == "r1")
        _ = try test.index.apply(new[0])
        #expect(try test.find("r1") == [])
        #expect(try test.find("r2") == ["a"])
        #expect(try test.index.article("a").stages == [.parsed, .tagged])
    }

    @Test func takesTheOrderThatAnotherStageKnew() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try stages(revision: "r9", order: nil))
        _ = try test.index.apply(try stages(revision: "r1", order: 1))
        #expect(try test.find("r1") == ["a"])
        let unknown = try test.index.apply(try stages(revision: "r8", order: nil))
        #expect(unknown.allSatisfy { $0.superseded })
        // The tagger's event does not say the order, the parser's does.
        let new = try stages(revision: "r2", order: nil)
        _ = try test.index.apply(try stages(revision: "r2", order: 2)[0])
        #expect(try test.index.apply(new[1]).changed)
        #expect(try test.index.article("a").hasTagged)
    }

    @Test func bringsARevisionBackThatIsSubmittedAgain() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try stages(revision: "r1", order: 1))
        _ = try test.index.apply(try stages(revision: "r2", order: 2))
        let again = try test.index.apply(try stages(revision: "r1", order: 3))
        #expect(again.allSatisfy { $0.changed })
        #expect(try test.find("r1") == ["a"])
        #expect(try test.find("r2") == [])
        #expect(try test.index.integrityCheck() == [])
    }

    @Test func letsTheHighestReplayWin() throws {
        func update(_ name: String, replay: UInt32) throws -> StageUpdate {
            try StageUpdate(tagged("a", names: [name]), order: 1, replay: replay)
        }
        for order in permutations([0, 1, 2] as [UInt32]) {
            let test = try TestIndex()
            _ = try test.index.apply(try stages()[0])
            var highest: UInt32?
            for replay in order {
                let result = try test.index.apply(try update("شخص\(replay)", replay: replay))
                #expect(result.changed == (highest.map { replay > $0 } ?? true))
                highest = max(highest ?? 0, replay)
            }
            #expect(try test.index.article("a").tagged.entities.map(\.name) == ["شخص2"])
            #expect(try test.index.integrityCheck() == [])
        }
    }

    @Test func takesABatchAsOne() throws {
        let test = try TestIndex()
        let updates = try (0..<50).flatMap { number -> [StageUpdate] in
            let id = "article-\(number)"
            return [
                try StageUpdate(moderated(id), order: 1),
                try StageUpdate(article(id, body: ["نص رقم \(number)"]), order: 1),
            ]
        }
        let results = try test.index.apply(updates + updates)
        #expect(results.count == 200)
        #expect(results.prefix(100).allSatisfy { $0.changed })
        #expect(!results.suffix(100).contains { $0.changed })
        #expect(try test.index.counts() == IndexCounts(articles: 50, searchable: 50, withheld: 0))
    }

    @Test func refusesAnEventThatContradictsItself() throws {
        #expect(throws: IndexError.self) {
            try StageUpdate(
                stage: .parsed, articleID: "b", revision: "r1", order: 1,
                payload: try article("a").serializedData())
        }
        #expect(throws: IndexError.self) {
            try StageUpdate(
                stage: .parsed, articleID: "a", revision: "r1", order: 1,
                payload: Data([0xFF, 0xFF, 0xFF]))
        }
        #expect(throws: IndexError.self) {
            try StageUpdate(
                stage: .indexed, articleID: "a", revision: "r1", order: 1, payload: Data())
        }
        #expect(throws: IndexError.self) { try StageUpdate(article(""), order: 1) }
        #expect(throws: IndexError.self) { try StageUpdate(article("a\0b"), order: 1) }
    }

    /// Many threads apply the same stages; each is taken by exactly one of them.
    @Test func takesEachStageOnceFromManyThreads() async throws {
        let test = try TestIndex()
        let index = test.index
        let updates = try (0..<20).map {
            try StageUpdate(article("article-\($0)", body: ["نص"]), order: 1)
        }
        let changed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { try updates.map { try index.apply($0) }.count(where: \.changed) }
            }
            return try await group.reduce(0, +)
        }
        #expect(changed == 20)
        #expect(try index.integrityCheck() == [])
    }
}
