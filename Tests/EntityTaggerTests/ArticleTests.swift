import BaridSchema
import EntityTagger
import Testing

/// An article's parts are one document; its comments are each their own; removed lines are nobody's.
struct ArticleTests {
    private static let headline = "لقاء في موسكو"
    private static let body = "التقى سالم الدرفالي الوفد في موسكو."
    private static let promotion = "تابعوا أخبار ألمانيا على صفحتنا"
    private static let comment = "الدرفالي سيذهب إلى طهران"

    private let article: Barid_Article_V1_Article = {
        var article = Barid_Article_V1_Article()
        article.id = "a-1"
        article.revision = "r-1"
        article.text = [headline, body, promotion, comment].joined(separator: "\n")
        article.headline = Self.piece(headline, in: article.text)
        var paragraph = Barid_Article_V1_Paragraph()
        paragraph.text = Self.piece(body, in: article.text)
        var rest = Barid_Article_V1_Paragraph()
        rest.text = Self.piece(promotion, in: article.text)
        article.paragraphs = [paragraph, rest]
        var removed = Barid_Article_V1_Removed()
        removed.text = Self.piece(promotion, in: article.text)
        article.removed = [removed]
        var reader = Barid_Article_V1_Comment()
        reader.number = 7
        reader.text = Self.piece(comment, in: article.text)
        article.comments = [reader]
        return article
    }()

    private static func piece(_ part: String, in text: String) -> Barid_Article_V1_Text {
        var piece = Barid_Article_V1_Text()
        piece.text = part
        let scalars = Array(text.unicodeScalars)
        let wanted = Array(part.unicodeScalars)
        let start =
            scalars.indices.first { scalars[$0...].starts(with: wanted) } ?? scalars.endIndex
        piece.span.start = UInt32(start)
        piece.span.end = UInt32(start + wanted.count)
        return piece
    }

    @Test func headlineAndBodyShareTheirRecords() throws {
        let tagged = EntityTagger().tag(article)
        #expect(tagged.articleID == "a-1")
        #expect(tagged.revision == "r-1")
        #expect(tagged.tagger == EntityTagger.version)
        #expect(try #require(tagged.entity("موسكو")).written == ["موسكو", "موسكو"])
        #expect(tagged.standsWhereItSays(in: article.text))
    }

    @Test func removedLinesAreNotLookedAt() {
        #expect(EntityTagger().tag(article).entity("ألمانيا") == nil)
    }

    @Test func commentsAreKeptApartAndKnowTheNamesOfTheArticle() throws {
        let tagged = EntityTagger().tag(article)
        #expect(tagged.entity("طهران") == nil)
        let comment = try #require(tagged.comments.first)
        #expect(comment.commentNumber == 7)
        #expect(comment.entities.map(\.name) == ["سالم الدرفالي", "طهران"])
        #expect(comment.entities.first?.written == ["الدرفالي"])
        #expect(tagged.entity("سالم الدرفالي")?.written == ["سالم الدرفالي"])
    }

    @Test func spansOutsideTheTextAreCut() {
        var article = article
        article.headline.span.end = .max
        article.comments[0].text.span.start = .max
        #expect(EntityTagger().tag(article).standsWhereItSays(in: article.text))
    }
}
