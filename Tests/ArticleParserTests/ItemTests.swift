import ArticleParser
import BaridArticles
import BaridSchema
import Foundation
import Testing

/// JSON items are laid out as one text, so that every offset has a place to point.
struct ItemTests {
    private func item(_ fields: [String: Any]) throws -> Article {
        let data = try JSONSerialization.data(withJSONObject: fields)
        return try parse(String(decoding: data, as: UTF8.self), type: "application/json")
    }

    @Test func readsFieldsAndForm() throws {
        let article = try item([
            "id": "h-7", "url": "https://harbour.example/7", "source": "Harbour Post",
            "title": "Bridge opens", "abstract": "A short lead.", "category": "city",
            "published": "2026-03-01T09:30:00Z", "author": "Tilda Varnsen",
            "text": "First paragraph.\nSecond one said so. (AFP)\n\nFollow us on Facebook",
        ])
        #expect(article.id == "h-7" && article.url == "https://harbour.example/7")
        #expect(
            article.text
                == "Bridge opens\n\nA short lead.\n\nFirst paragraph.\nSecond one said so. (AFP)\n\n"
                + "Follow us on Facebook")
        #expect(article.headline.text == "Bridge opens" && article.headline.span.start == 0)
        #expect(article.abstract.text == "A short lead.")
        #expect(article.paragraphTexts == ["First paragraph.", "Second one said so."])
        #expect(article.agency.code == "AFP")
        #expect(article.publisher.text == "Harbour Post" && !article.publisher.hasSpan)
        #expect(article.bylines.map(\.text) == ["Tilda Varnsen"])
        #expect(article.published.seconds == 1_772_357_400)
        #expect(article.category == "city")
        #expect(article.removed.map(\.kind) == [.followUs])
        #expect(article.sourceForm == .jsonItem)
        #expect(article.hasExactSpans && article.warnings.isEmpty)
    }

    @Test func writesNothingTwice() throws {
        let article = try item([
            "title": "Bridge opens", "abstract": "Bridge opens",
            "text": "Bridge opens\nIt was opened today by the mayor.",
        ])
        #expect(article.text == "Bridge opens\nIt was opened today by the mayor.")
        #expect(article.headline.span.range == 0..<12 && article.abstract.span.range == 0..<12)
        #expect(article.paragraphTexts == ["It was opened today by the mayor."])
        let lead = try item(["title": "T x", "abstract": "It rained.", "text": "It rained. A lot."])
        #expect(lead.text == "T x\n\nIt rained. A lot.")
        #expect(lead.abstract.span.range == 5..<15 && lead.hasExactSpans)
    }

    @Test func readsCommentRecords() throws {
        let article = try item([
            "title": "Bridge opens", "text": "It was opened today.", "comment_count": 3,
            "comments": [
                ["author": "Petra", "text": "Fine", "time": "2026-03-01T10:00:00Z"], "Good",
            ],
        ])
        #expect(article.comments.map(\.text.text) == ["Fine", "Good"])
        #expect(article.comments.map(\.number) == [1, 2])
        #expect(article.comments[0].author.text == "Petra" && article.comments[0].hasTime)
        #expect(article.warningCodes == ["comment-count-mismatch"])
        #expect(article.hasExactSpans)
    }

    @Test func doesNotGuessATime() throws {
        let article = try item(["title": "T", "text": "It rained.", "published": "02/11/2016"])
        #expect(!article.hasPublished)
        #expect(article.warningCodes == ["published-not-understood"])
    }

    @Test func tellsItemsWithoutAMediaType() throws {
        let article = try parse(bytes: Array(#" {"title": "Rain", "text": "It rained."}"#.utf8))
        #expect(article.headline.text == "Rain")
    }

    @Test func idAndRevisionCanBeGiven() throws {
        var submission = ArticleSubmitted()
        submission.content = Data("Rain\n\nIt rained.".utf8)
        let article = try ArticleParser.parse(submission, id: "mine", revision: "r")
        #expect(article.id == "mine" && article.revision == "r")
        let own = try ArticleParser.parse(submission)
        #expect(own.id == own.revision && own.revision.count == 64)
    }
}
