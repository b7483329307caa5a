import BaridSchema
import Foundation
import Moderator
import Testing

/// Figures on labelled comments and on news, against floors that hold today.
@Suite(.enabled(if: TestData.isPresent, "BARID_TEST_DATA is not set"))
struct AccuracyTests {
    private let moderator = Moderator()

    /// The rules saw none of it; the floors are two points under what was measured.
    @Test(arguments: [
        ("moderation/ar-mpold-train.jsonl", 0.69), ("moderation/ar-osact4-dev.jsonl", 0.77),
    ])
    func offensiveCommentsAreToldFromOthers(file: String, floor: Double) throws {
        var counts = (right: 0, missed: 0, wrong: 0, harmless: 0)
        for object in try TestData.objects(file) {
            let text = try #require(object["text"] as? String)
            let isOffensive = try #require(object["offensive"] as? Bool)
            switch (moderator.moderate(text: text).article.decision != .pass, isOffensive) {
            case (true, true): counts.right += 1
            case (true, false): counts.wrong += 1
            case (false, true): counts.missed += 1
            case (false, false): counts.harmless += 1
            }
        }
        let errors = Double(counts.wrong + counts.missed)
        let offensive = 2 * Double(counts.right) / (2 * Double(counts.right) + errors)
        let other = 2 * Double(counts.harmless) / (2 * Double(counts.harmless) + errors)
        let macro = (offensive + other) / 2
        print(file, counts, "macro F1", macro)
        #expect(macro >= floor)
    }

    @Test func newsIsNotHeldUp() throws {
        var held = 0
        var blocked = 0
        let objects = try TestData.objects("news/ar-ant.jsonl").prefix(1000)
        #expect(objects.count >= 500)
        for object in objects {
            let text = try #require(object["text"] as? String)
            switch moderator.moderate(Barid_Article_V1_Article(body: text)).article.decision {
            case .hold: held += 1
            case .block: blocked += 1
            default: break
            }
        }
        print("news:", objects.count, "held", held, "blocked", blocked)
        #expect(blocked == 0)
        #expect(held * 100 < objects.count)
    }

    /// The first article: its text passes, its second comment does not, its first is not blocked.
    @Test func theFirstArticleIsJudgedAsAPersonWould() throws {
        let text = try TestData.text("seed/article.txt")
        let parts = text.components(separatedBy: "\n\n")
        let comments = parts.suffix(2).map { $0 }
        let article = Barid_Article_V1_Article(
            body: parts.dropLast(3).joined(separator: "\n"), comments: comments)
        let moderated = moderator.moderate(article)
        #expect(moderated.article.decision == .pass)
        #expect(moderated.comments.first?.verdict.decision != .block)
        #expect(moderated.comments.last?.verdict.decision != .pass)
    }
}
