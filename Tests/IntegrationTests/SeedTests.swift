import BaridSchema
import TestSupport
import Testing

/// The article this project started from, through the real executables.
@Suite(.enabled(if: Repository.testData != nil, "BARID_TEST_DATA is not set"))
struct SeedTests {
    @Test func seedComesOutAsAnEditorWouldReadIt() async throws {
        let pipeline = try await Pipeline()
        let data = try #require(Repository.testData)
        let answer = try await pipeline.barid(
            ["publish", "\(data)/seed/article.txt", "--wait", "--json"])
        #expect(answer.status == 0, "\(answer.error)")
        let result = try #require(try pipeline.objects(answer.output).first)

        let article = try message(Barid_Article_V1_Article.self, result, "article")
        #expect(article.paragraphs.filter { $0.kind == .body }.count == 15)
        #expect(article.hashtags.count == 6)
        #expect(article.quotes.count == 7)
        let carried = article.quotes.filter { $0.speakerBasis == .carriedOver }
        #expect(carried.count == 2)
        #expect(carried.allSatisfy { $0.speaker.text.contains("حفتر") })
        #expect(article.agency.code == "REUTERS")
        #expect(article.publisher.text == "عكس السير")
        #expect(!article.hasPublished)
        #expect(article.declaredCommentCount == 3 && article.comments.count == 2)
        #expect(article.warnings.contains { $0.code == "comment-count-mismatch" })
        #expect(article.direction == .rightToLeft && article.language.code == "ar")

        let tagged = try message(Barid_Article_V1_ArticleTagged.self, result, "tagged")
        let names = Dictionary(
            tagged.entities.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        for name in [
            "خليفة حفتر", "سيرغي لافروف", "سيرغي شويجو", "ديمتري بيسكوف", "فلاديمير بوتين", "ليبيا",
            "موسكو", "روسيا", "بنغازي", "طرابلس", "داعش", "الكرملين", "وكالة تاس",
            "الجيش الوطني الليبي", "الأمم المتحدة", "مجلس الأمن الدولي", "البنك المركزي الليبي",
        ] {
            #expect(names[name] != nil, "missing entity \(name)")
        }
        let general = try #require(names["خليفة حفتر"])
        let inText = occurrences(of: "حفتر", in: article)
        #expect(general.mentions.count == inText, "every mention, the headline's too")
        #expect(names["سيرغي لافروف"]?.mentions.contains { $0.text.text == "للافروف" } == true)
        let promo = try #require(article.removed.first { $0.kind == .followUs })
        for mention in tagged.entities.flatMap(\.mentions) {
            #expect(mention.text.span.end <= promo.text.span.start)
        }

        let moderated = try message(Barid_Article_V1_ArticleModerated.self, result, "moderated")
        #expect(moderated.article.decision == .pass)
        #expect(moderated.comments.first { $0.commentNumber == 2 }?.verdict.decision != .pass)
        #expect(moderated.comments.first { $0.commentNumber == 1 }?.verdict.decision != .block)

        for query in ["لافروف", "الجيش الليبي"] {
            let found = try await pipeline.barid(["search", query, "--json"])
            let response = try Barid_Index_V1_SearchResponse(jsonString: found.output)
            let hit = try #require(response.hits.first, "\(query): \(found.error)")
            #expect(hit.articleID == article.id)
            let marks = ([hit.headline] + hit.snippets).flatMap { snippet in
                snippet.marks.map { mark in
                    String(
                        String.UnicodeScalarView(
                            Array(snippet.text.unicodeScalars)[Int(mark.start)..<Int(mark.end)]))
                }
            }
            #expect(marks.contains { $0.contains("لافروف") || $0.contains("الجيش") })
        }
        let codes = try await pipeline.stop()
        #expect(codes.values.allSatisfy { $0 == 0 }, "\(codes)")
    }

    /// Words of headline and paragraphs that hold `name`.
    private func occurrences(of name: String, in article: Barid_Article_V1_Article) -> Int {
        ([article.headline.text] + article.paragraphs.map(\.text.text)).reduce(0) { sum, text in
            sum + text.split { " \n،.“”".contains($0) }.filter { $0.contains(name) }.count
        }
    }
}
