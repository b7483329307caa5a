import ArticleParser
import BaridArticles
import BaridSchema
import Testing

/// One line at a time: counts, disclaimers, credits, in the many ways they are written.
struct LineGrammarTests {
    private func article(ending line: String) throws -> Article {
        try parse("عنوان الخبر\n\nجاء في الخبر أن المدينة هادئة هذا الصباح.\n\n\(line)\n")
    }

    @Test(arguments: [
        ("3 تعليقات", 3), ("٣ تعليقات", 3), ("۳ تعليقات", 3), ("تعليقان", 2), ("تعليق واحد", 1),
        ("التعليقات (12)", 12), ("عدد التعليقات: 7", 7), ("لا توجد تعليقات", 0),
        ("ثلاثة تعليقات على المقال", 3), ("3 comments", 3), ("Comments (1,204)", 1204),
        ("One comment so far", 1), ("No comments yet", 0), ("تعليقين", 2),
    ])
    func readsCommentCounts(line: String, count: UInt32) throws {
        let article = try article(ending: line)
        #expect(article.hasDeclaredCommentCount && article.declaredCommentCount == count)
        #expect(article.paragraphs.count == 1)
        #expect(article.removed.map(\.kind) == [.commentCount])
    }

    @Test(arguments: [
        "رفض الوزير التعليق", "3 جرحى", "أثارت الصورة تعليقات كثيرة في المدينة",
        "He made no further comment", "لا تعليق",
    ])
    func othersAreNoCommentCounts(line: String) throws {
        #expect(try !article(ending: line).hasDeclaredCommentCount)
    }

    @Test(
        arguments: [
            ("التعليقات المنشورة لا تعبر عن رأي دار الصباح وإنما عن رأي أصحابها", "دار الصباح"),
            ("الآراء تعبر عن أصحابها ولا تعبر بالضرورة عن رأي صحيفة نبأ الجنوب", "نبأ الجنوب"),
            ("هذه التعليقات لا تمثل وجهة نظر شبكة واحة الأخبار، بل كاتبيها", "واحة الأخبار"),
            ("جميع الحقوق محفوظة لموقع ضفاف © 2026", "ضفاف"),
            ("Comments do not represent the views of Harbour Post.", "Harbour Post"),
            ("التعليقات لا تعبر عن رأي الموقع", nil),
            ("Opinions are those of the authors", nil),
        ] as [(String, String?)])
    func findsThePublisherInTheDisclaimer(line: String, name: String?) throws {
        let article = try article(ending: line)
        #expect(article.removed.map(\.kind) == [.disclaimer])
        #expect((article.hasPublisher ? article.publisher.text : nil) == name)
    }

    @Test(arguments: [
        (".(REUTERS)", "REUTERS", "REUTERS"), (". (رويترز)", "REUTERS", "رويترز"),
        (" (ا ف ب).", "AFP", "ا ف ب"), (" - واس", "SPA", "واس"), (". (أ.ف.ب)", "AFP", "أ.ف.ب"),
        (" (أ.ف.ب)-(د.ب.أ)", "AFP", "أ.ف.ب)-(د.ب.أ"), (". (وكالات)", "AGENCIES", "وكالات"),
        (".(QRX)", "QRX", "QRX"), (". ( صوت المرفأ )", "صوت المرفأ", "صوت المرفأ"),
        (".(Qarn News)", "QARN NEWS", "Qarn News"),
        (". (رويترز، د ب أ)", "REUTERS", "رويترز، د ب أ"),
    ])
    func readsCreditsAtTheEnd(credit: String, code: String, raw: String) throws {
        let article = try parse("عنوان\n\nفقرة أولى طويلة عن المدينة.\n\nهدأت الريح مساء\(credit)")
        #expect(article.agency.code == code)
        #expect(article.agency.raw.text == raw)
        #expect(article.hasExactSpans)
        #expect(article.paragraphTexts.last?.hasPrefix("هدأت الريح مساء") == true)
        #expect(article.paragraphTexts.last?.contains(raw) == false)
    }

    @Test(arguments: [
        ("القاهرة (رويترز) - قال سكان إن الريح هدأت.", "REUTERS"),
        ("الرياض - واس: هدأت الريح مساء اليوم في المدينة.", "SPA"),
        ("HARBOUR (AFP) - The wind fell in the evening over the bay.", "AFP"),
    ])
    func readsCreditsInTheDateline(paragraph: String, code: String) throws {
        let article = try parse("عنوان\n\n\(paragraph)\n\nوانتهى اليوم دون خسائر تذكر.")
        #expect(article.agency.code == code)
        #expect(article.paragraphTexts.first == paragraph)
    }

    @Test(arguments: [
        "وقالت وكالة رويترز إن الريح هدأت.", "وقالت رويترز: هدأت الريح.", "هدأت الريح في (أيلول).",
        "هدأت الريح أمس (الجمعة)", "هدأت الريح أمس. (يتبع)", "هدأت الريح أمس. (3 صور)",
        "نقلت تاس عن البحارة أن الريح هدأت.", "هبت الريح (أ ب ت)",
    ])
    func quotedAgenciesAreNoCredit(paragraph: String) throws {
        #expect(try !parse("عنوان\n\n\(paragraph)").hasAgency)
    }

    @Test(arguments: ["(رويترز)", "المصدر: رويترز", "رويترز", "Source: Reuters"])
    func readsCreditsOnTheirOwnLine(line: String) throws {
        let article = try article(ending: line)
        #expect(article.agency.code == "REUTERS")
        #expect(article.paragraphs.count == 1)
    }

    @Test func readsTimesOnlyWhenTheyAreInstants() throws {
        let stated = try parse("Title\nPublished: 2026-03-01T09:30:00+02:00\n\nThe text of it.")
        #expect(stated.published.seconds == 1_772_350_200)
        let vague = try parse("Title\nPublished on Monday 2 March\n\nThe text of it.")
        #expect(!vague.hasPublished)
        #expect(vague.warningCodes == ["published-not-understood"])
        #expect(try !parse("عنوان\n\nهدأت الريح أمس الاثنين في 2 آذار 2026.").hasPublished)
    }
}
