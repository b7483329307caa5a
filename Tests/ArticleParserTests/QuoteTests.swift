import ArticleParser
import BaridArticles
import Testing

/// Who is quoted, by the verbs and names around the marks.
struct QuoteTests {
    private func quotes(_ paragraphs: String...) throws -> [String] {
        try parse("عنوان\n\n" + paragraphs.joined(separator: "\n\n")).spokenQuotes
    }

    @Test(arguments: [
        ("وقال وزير النقل سامي حداد للصحافيين “سنبدأ العمل غداً”.", "سامي حداد: سنبدأ العمل غداً"),
        ("وقال المتحدث باسم الوزارة «سنبدأ العمل غداً».", "المتحدث باسم الوزارة: سنبدأ العمل غداً"),
        (
            "وأكد المتحدث باسم البلدية وائل شاهين أن \"العمل بدأ منذ أيام\".",
            "وائل شاهين: العمل بدأ منذ أيام"
        ),
        ("“سنبدأ العمل غداً”، بحسب المهندسة رنا ياسين.", "رنا ياسين: سنبدأ العمل غداً"),
        ("“سنبدأ العمل غداً” كما قال رامي بدران.", "رامي بدران: سنبدأ العمل غداً"),
        ("ونقلت إذاعة البلدة عن رامي بدران قوله “سنبدأ العمل غداً”.", "رامي بدران: سنبدأ العمل غداً"),
        ("ووصل رامي بدران إلى الموقع قائلاً “سنبدأ العمل غداً”.", "رامي بدران: سنبدأ العمل غداً"),
        ("وأضاف ذات المصدر أن “العمل بدأ منذ أيام”.", "ذات المصدر: العمل بدأ منذ أيام"),
        ("وذكر بعض الحضور أن “العمل بدأ منذ أيام”.", "-: العمل بدأ منذ أيام"),
        ("\"The work begins tomorrow,\" Rana Yasin said.", "Rana Yasin: The work begins tomorrow,"),
        (
            "Rana Yasin, the engineer, said: “The work begins tomorrow.”",
            "Rana Yasin: The work begins tomorrow."
        ),
        (
            "According to Rana Yasin, \"the work begins tomorrow\".",
            "Rana Yasin: the work begins tomorrow"
        ),
    ])
    func namesTheSpeaker(paragraph: String, expected: String) throws {
        #expect(try quotes(paragraph) == [expected])
    }

    @Test func carriesOverTheLastSpeakerOnly() throws {
        let found = try quotes(
            "قال رامي بدران إن الجسر آمن.", "وأضاف “لن نغلقه يوماً واحداً”.",
            "وقالت سلمى نور “نشك في هذا الكلام”.", "وتابعت “نريد تقريراً مكتوباً”.")
        #expect(
            found == [
                "~رامي بدران: لن نغلقه يوماً واحداً", "سلمى نور: نشك في هذا الكلام",
                "~سلمى نور: نريد تقريراً مكتوباً",
            ])
    }

    @Test func doesNotCarryAcrossManyParagraphs() throws {
        let found = try quotes(
            "قال رامي بدران إن الجسر آمن.", "سطر أول عن الطقس.", "سطر ثان عن الطقس.",
            "سطر ثالث عن الطقس.", "سطر رابع عن الطقس.", "وأضاف “لن نغلقه يوماً واحداً”.")
        #expect(found == ["-: لن نغلقه يوماً واحداً"])
    }

    @Test(arguments: [
        "وعرض المهرجان فيلم \"ليل البحر\" مساء أمس.", "وقال لإذاعة \"صوت المرفأ\" إن الجسر آمن.",
        "قرأت رواية «بيت النخيل» في يومين.", "وصفوه بـ\"البطل\".", "Screen of 5\" and 7\" size.",
        "فتح قوسا “ولم يغلقه.",
    ])
    func namesInMarksAreNoQuotes(paragraph: String) throws {
        #expect(try quotes(paragraph).isEmpty)
    }

    @Test func quotesLieInTheirParagraphs() throws {
        let article = try parse(PlainTextTests.arabic)
        for quote in article.quotes {
            let paragraph = article.paragraphs[Int(quote.paragraph)].text.span.range
            #expect(paragraph.contains(quote.text.span.range.lowerBound))
            #expect(paragraph.contains(quote.text.span.range.upperBound))
        }
    }
}
