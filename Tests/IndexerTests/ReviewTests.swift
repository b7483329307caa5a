import BaridSchema
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Indexer

/// Protocols/3-events.md §2.1: what people decide stands over the moderator's verdict.
@Suite struct ReviewTests {
    private static func review(
        _ decision: Barid_Article_V1_Decision, comment: UInt32? = nil, number: UInt32 = 1,
        revision: String = "r1", by reviewer: String = "Layla"
    ) throws -> StageUpdate {
        try StageUpdate(
            Barid_Article_V1_ArticleReviewed.with {
                $0.articleID = "a"
                $0.revision = revision
                if let comment { $0.commentNumber = comment }
                $0.decision = decision
                $0.number = number
                $0.reviewer = reviewer
            })
    }

    private static func retraction() throws -> StageUpdate {
        try StageUpdate(
            Barid_Article_V1_ArticleRetracted.with {
                $0.articleID = "a"
                $0.revision = "r1"
                $0.reviewer = "Layla"
                $0.note = "the source took it back"
            })
    }

    /// An article that is held, with a comment that is held and one that is blocked.
    private static func stages(_ revision: String = "r1", order: Int64 = 1) throws -> [StageUpdate]
    {
        [
            try StageUpdate(
                article(
                    "a", revision: revision, headline: "افتتاح الميناء",
                    body: ["وصلت سفينة"], comments: ["رأي عجيب", "كلام قبيح"]), order: order),
            try StageUpdate(
                moderated("a", revision: revision, .hold, comments: [.hold, .block]), order: order),
        ]
    }

    private static func state(_ test: TestIndex) async throws -> [String] {
        var response = try await test.index.article("a")
        response.clearIndexed()
        let held = try await test.index.held(.init())
        return [
            response.textFormatString(), held.textFormatString(),
            try test.search("الميناء").textFormatString(),
            try test.search("عجيب").textFormatString(),
            try test.search("قبيح", withheld: true).textFormatString(),
        ]
    }

    @Test func everyOrderGivesTheSame() async throws {
        let updates =
            try Self.stages() + [
                Self.review(.pass), Self.review(.pass, comment: 1),
                Self.review(.block, comment: 1, number: 2),
            ]
        var states: Set<[String]> = []
        for order in permutations(updates) {
            let test = try TestIndex()
            for update in order { _ = try test.index.apply(update) }
            #expect(try test.find("الميناء") == ["a"])
            #expect(try test.find("عجيب") == [])
            #expect(try test.find("عجيب", withheld: true) == ["a"])
            states.insert(try await Self.state(test))
        }
        #expect(states.count == 1)
    }

    @Test func aPassedCommentIsFoundAndARepeatChangesNothing() async throws {
        let test = try TestIndex()
        _ = try test.index.apply(Self.stages())
        #expect(try test.find("الميناء") == [])
        #expect(try test.find("عجيب") == [])
        let held = try await test.index.held(.init())
        #expect(held.total == 2 && held.held.map(\.hasCommentNumber) == [false, true])
        #expect(held.held[1].text == "رأي عجيب" && held.held[1].verdict.decision == .hold)

        let reviews = try [Self.review(.pass), Self.review(.pass, comment: 1)]
        let first = try test.index.apply(reviews)
        #expect(first.allSatisfy { $0.changed })
        #expect(first.last?.stages == [.parsed, .moderated, .reviewed])
        #expect(try test.find("الميناء") == ["a"])
        #expect(try test.find("عجيب") == ["a"])
        #expect(try test.find("قبيح") == [])
        let before = try await Self.state(test)
        let repeated = try test.index.apply(reviews)
        #expect(repeated.allSatisfy { !$0.changed })
        // The moderator once more, as a replay: the person's word stands.
        let again = try StageUpdate(
            moderated("a", .block, comments: [.block, .block]), order: 1, replay: 1)
        let replayed = try test.index.apply(again)
        #expect(replayed.changed)
        #expect(try test.find("الميناء") == ["a"])
        #expect(try test.find("عجيب") == ["a"])
        #expect(try await Self.state(test) != before, "its verdict is beside it")
        #expect(try await test.index.held(.init()).total == 0)
        let shown = try await test.index.article("a")
        #expect(shown.reviews.map(\.reviewer) == ["Layla", "Layla"])
        #expect(try test.index.integrityCheck() == [])
    }

    /// Two people at once: the graver decision holds, whoever came first.
    @Test func ofTwoWithOneNumberTheGraverHolds() throws {
        let updates = try [
            Self.review(.pass, by: "Layla"), Self.review(.block, by: "Omar"),
        ]
        for order in permutations(updates) {
            let test = try TestIndex()
            _ = try test.index.apply(Self.stages() + order)
            let shown = try test.index.article("a")
            #expect(shown.reviews.map(\.reviewer) == ["Omar"])
            #expect(try test.find("الميناء") == [])
        }
    }

    @Test func aLaterRevisionWantsItsOwnDecision() async throws {
        let test = try TestIndex()
        _ = try test.index.apply(Self.stages() + [Self.review(.pass)])
        #expect(try test.find("الميناء") == ["a"])
        _ = try test.index.apply(Self.stages("r2", order: 2))
        #expect(try test.find("الميناء") == [])
        #expect(try await test.index.held(.init()).held.first?.revision == "r2")
        let shown = try await test.index.article("a")
        #expect(shown.reviews.isEmpty)
    }

    @Test func aRetractedArticleIsNeverFound() async throws {
        let passed = try [Self.stages()[0], StageUpdate(moderated("a", .pass), order: 1)]
        for order in permutations(try passed + [Self.retraction()]) {
            let test = try TestIndex()
            for update in order { _ = try test.index.apply(update) }
            #expect(try test.find("الميناء", withheld: true) == [])
            let again = try test.index.apply(Self.retraction())
            #expect(!again.changed)
            let shown = try await test.index.article("a")
            #expect(shown.hasArticle && shown.retracted.note == "the source took it back")
            #expect(shown.stages == [.parsed, .moderated, .retracted])
            #expect(try test.index.integrityCheck() == [])
            // Neither is what comes of it later.
            _ = try test.index.apply(Self.stages("r2", order: 2))
            #expect(try test.find("الميناء", withheld: true) == [])
            #expect(try await test.index.held(.init()).total == 0)
        }
    }

    @Test func aReviewDecides() {
        for decision in [Barid_Article_V1_Decision.unspecified, .hold] {
            #expect(throws: IndexError.self) { try Self.review(decision) }
        }
    }

    /// An index of before there were reviews learns what is held.
    @Test func anOlderIndexIsUpgraded() async throws {
        let folder = try TemporaryFolder()
        do {
            let index = try ArticleIndex(path: folder.file)
            _ = try index.apply(Self.stages())
            try index.close()
        }
        let queue = try DatabaseQueue(path: folder.file)
        try await queue.write { db in
            try db.execute(
                sql: "DROP TABLE held; DROP TABLE review; DROP TABLE retraction; "
                    + "PRAGMA user_version = 1")
        }
        try queue.close()
        let index = try ArticleIndex(path: folder.file)
        #expect(try await index.held(.init()).total == 2)
        let reviewed = try index.apply(Self.review(.pass))
        #expect(reviewed.changed)
        #expect(try await index.held(.init()).total == 1)
        try index.close()
    }
}
