import ArticleParser
import BaridArticles
import Foundation
import Testing

/// Where other people's texts lie, which are not in the repository.
private let testDataFolder = ProcessInfo.processInfo.environment["BARID_TEST_DATA"]

/// The article that the project started from, where it is at hand.
@Suite(.enabled(if: testDataFolder != nil, "BARID_TEST_DATA is not set"))
struct SeedTests {
    private func seed() throws -> Article {
        let folder = try #require(testDataFolder)
        let url = URL(fileURLWithPath: folder).appendingPathComponent("seed/article.txt")
        var submission = ArticleSubmitted()
        submission.content = try Data(contentsOf: url)
        submission.mediaType = "text/plain"
        return try ArticleParser.parse(submission)
    }

    @Test func hasTheExpectedParts() throws {
        let article = try seed()
        #expect(article.hasExactSpans && article.hasHeadline)
        #expect(article.paragraphs.count == 15)
        #expect(article.hashtags.count == 6)
        #expect(Set(article.hashtags.map(\.name)).count == 6)
        #expect(article.agency.code == "REUTERS")
        #expect(article.publisher.text == "عكس السير")
        #expect(!article.hasPublished)
        #expect(article.removed.map(\.kind) == [.followUs, .disclaimer, .commentCount])
        #expect(article.language.code == "ar" && article.direction == .rightToLeft)
    }

    @Test func hasSevenQuotesWithSpeakers() throws {
        let article = try seed()
        #expect(article.quotes.count == 7)
        for quote in article.quotes {
            #expect(quote.hasSpeaker)
            let paragraph = article.paragraphs[Int(quote.paragraph)].text.text
            #expect((quote.speakerBasis == .carriedOver) == paragraph.hasPrefix("وأضاف “"))
        }
        let speakers = article.quotes.map(\.speaker.text)
        #expect(speakers.count { $0.hasSuffix("حفتر") } == 6)
        #expect(speakers.contains("ديمتري بيسكوف"))
    }

    @Test func declaresThreeCommentsAndHasTwo() throws {
        let article = try seed()
        #expect(article.declaredCommentCount == 3)
        #expect(article.comments.map(\.number) == [1, 2])
        #expect(article.comments.allSatisfy { $0.language.code == "ar" && !$0.hasAuthor })
        #expect(article.warnings.map(\.code) == ["comment-count-mismatch"])
    }

    @Test func readsEveryItemOfTheCorpusSample() throws {
        let folder = try #require(testDataFolder)
        let url = URL(fileURLWithPath: folder).appendingPathComponent("news/ar-ant.jsonl")
        let lines = try Data(contentsOf: url).split(separator: 0x0A).prefix(300)
        for line in lines {
            var submission = ArticleSubmitted()
            submission.content = Data(line)
            submission.mediaType = "application/json"
            let article = try ArticleParser.parse(submission)
            #expect(article.hasExactSpans && article.hasHeadline && !article.paragraphs.isEmpty)
            #expect(article.language.code == "ar")
        }
    }
}
