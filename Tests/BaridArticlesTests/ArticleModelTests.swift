import BaridArticles
import BaridSchema
import BaridText
import Testing

struct ArticleModelTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00+02:00", 951_818_400),
        ("2026-11-23 15:00:00.250Z", 1_795_446_000), ("1969-12-31T23:59:59Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_799),
    ])
    func readsRFC3339(text: String, seconds: Int64) {
        #expect(RFC3339.timestamp(text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T15:00:00", "2026-02-29T00:00:00Z", "02/11/2016",
        "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T15:00:00Zx",
        "٢٠٢٦-١١-٢٣T15:00:00Z",
    ])
    func refusesWhatIsNoInstant(text: String) {
        #expect(RFC3339.timestamp(text) == nil)
    }

    @Test func keepsNanoseconds() {
        #expect(RFC3339.timestamp("2026-11-23T15:00:00.25Z")?.nanos == 250_000_000)
        #expect(RFC3339.timestamp("2026-11-23T15:00:00.1234567891Z")?.nanos == 123_456_789)
    }

    @Test func piecesStandAtTheirSpans() {
        let text = ScalarText("عنوان\n\nنص المقال")
        var article = Article()
        article.text = text.string
        article.headline = ArticleText(in: text, at: 0..<5)
        article.publisher = ArticleText("a name from elsewhere")
        #expect(article.headline.text == "عنوان")
        #expect(article.hasExactSpans)
        article.headline.text = "عنوا"
        #expect(!article.hasExactSpans)
        article.headline = ArticleText(in: text, at: 7..<99)
        #expect(article.headline.text == "نص المقال" && article.hasExactSpans)
    }

    @Test func roundTripsThroughJSON() throws {
        var article = Article()
        article.id = "a"
        article.text = "نص \"مقتبس\"\n"
        article.declaredCommentCount = 0
        let line = try article.jsonLine()
        #expect(!line.contains("\n"))
        #expect(try Article(jsonLine: line) == article)
    }

    @Test(arguments: [
        ("text/plain", ArticleMediaType.plainText), ("Text/Plain; charset=utf-8", .plainText),
        ("", .unknown), ("application/json", .json), ("text/html", .other("text/html")),
    ])
    func readsMediaTypes(text: String, expected: ArticleMediaType) {
        #expect(ArticleMediaType(text) == expected)
    }

    @Test func readsTheCharsetParameter() {
        #expect(
            ArticleMediaType.charset(of: "text/plain; Charset=\"Windows-1256\"") == "windows-1256")
        #expect(ArticleMediaType.charset(of: "text/plain; charset=") == nil)
        #expect(ArticleMediaType.charset(of: "text/plain") == nil)
    }
}
