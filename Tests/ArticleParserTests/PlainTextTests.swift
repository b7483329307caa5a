import ArticleParser
import BaridArticles
import BaridSchema
import Testing

/// Whole articles of the plain-text form, in Arabic and English; all people and outlets invented.
struct PlainTextTests {
    static let arabic = """
        نسيمة : عمدة المدينة تعد بإصلاح جسر المرفأ قبل الشتاء

        زارت عمدة #نسيمة ليلى الحمراوي ورشة #جسر_المرفأ صباح السبت وقالت “إن العمل سينتهي قبل أول مطر”.

        ونقلت إذاعة المرفأ عن #الحمراوي قولها في بداية الجولة “لن نغلق الطريق يوماً واحداً”.

        وأضافت “نطلب من السائقين بعض الصبر”.

        وكان الجسر قد أغلق منذ عام 2019 بعد فيضان كبير (تشرين الأول).

        وقال رامي بدران المتحدث باسم شركة الإعمار للصحفيين “لدينا ثمانون عاملاً وثلاث رافعات”.

        وأكد "سنعمل ليلاً ونهاراً منع عطلة".

        وشكا سكان الحي من الضجيج طوال الصيف.(NASMAPRESS)

        تابعوا آخر أخبار المرفأ لحظة بلحظة عبر صفحتنا : مرفأ اليوم Hafen heute

        الآراء المنشورة لا تمثل رأي موقع مرفأ اليوم بل رأي كتابها

        ٤ تعليقات

          1. خطوة جميلة لكنها متأخرة، 2. كان يجب أن تبدأ قبل عامين

          2. كلام فارغ.
        ننتظر منذ سنوات

          3. Great news for the whole town, thank you

        """

    @Test func readsTheWholeArabicForm() throws {
        let article = try parse(Self.arabic)
        #expect(article.text == Self.arabic)
        #expect(article.hasExactSpans)
        #expect(article.headline.text == "نسيمة : عمدة المدينة تعد بإصلاح جسر المرفأ قبل الشتاء")
        #expect(article.paragraphs.count == 7)
        #expect(article.paragraphs.allSatisfy { $0.kind == .body })
        #expect(article.paragraphTexts.last == "وشكا سكان الحي من الضجيج طوال الصيف.")
        #expect(article.agency.code == "NASMAPRESS")
        #expect(article.agency.raw.text == "NASMAPRESS")
        #expect(article.publisher.text == "مرفأ اليوم")
        #expect(article.hashtags.map(\.name) == ["نسيمة", "جسر_المرفأ", "الحمراوي"])
        #expect(article.hashtags.map(\.raw.text) == ["#نسيمة", "#جسر_المرفأ", "#الحمراوي"])
        #expect(article.removed.map(\.kind) == [.followUs, .disclaimer, .commentCount])
        #expect(article.language.code == "ar" && article.language.confidence > 0.9)
        #expect(article.direction == .rightToLeft)
        #expect(!article.hasPublished)
        #expect(article.sourceForm == .plainText)
        #expect(article.charset.used == "utf-8")
        // The typo of the source stands.
        #expect(article.paragraphTexts[5].contains("منع عطلة"))
    }

    @Test func namesSpeakersAndCarriesThemOver() throws {
        let article = try parse(Self.arabic)
        #expect(
            article.spokenQuotes == [
                "ليلى الحمراوي: إن العمل سينتهي قبل أول مطر",
                "الحمراوي: لن نغلق الطريق يوماً واحداً",
                "~الحمراوي: نطلب من السائقين بعض الصبر",
                "رامي بدران: لدينا ثمانون عاملاً وثلاث رافعات",
                "~رامي بدران: سنعمل ليلاً ونهاراً منع عطلة",
            ])
        #expect(article.quotes.map(\.paragraph) == [0, 1, 2, 4, 5])
    }

    @Test func readsCommentsAndTellsTheMismatch() throws {
        let article = try parse(Self.arabic)
        #expect(article.declaredCommentCount == 4)
        #expect(article.comments.map(\.number) == [1, 2, 3])
        #expect(article.comments[0].text.text.hasSuffix("2. كان يجب أن تبدأ قبل عامين"))
        #expect(article.comments[1].text.text == "كلام فارغ.\nننتظر منذ سنوات")
        #expect(article.comments.map(\.language.code) == ["ar", "ar", "en"])
        #expect(article.comments.allSatisfy { !$0.hasAuthor })
        #expect(article.warningCodes == ["comment-count-mismatch"])
    }

    static let english = """
        Old Lighthouse at Marrow Bay to Open Its Doors
        By Tilda Varnsen

        MARROW BAY (Reuters) - The lighthouse at Marrow Bay, dark for thirty years, will
        open to visitors on Sunday, the harbour board said, after a repair that took two
        summers and used stone from the old quarry.

        "We found the lamp in a barn," said Odo Brackwater, the keeper. "It still turns."

        Mayor Ilse Quillfeather told reporters: "Nobody asked for this more than the children."

        She added, "They wrote us two hundred letters."

        Follow us on Facebook for more from the coast

        The views of readers do not necessarily reflect those of The Marrow Courier or its staff.

        2 Comments

        1. Petra says: About time!
        2. Jon Halloway says: I drove past it
        every day for ten years.
        """

    @Test func readsTheWholeEnglishForm() throws {
        let article = try parse(Self.english)
        #expect(article.hasExactSpans)
        #expect(article.headline.text == "Old Lighthouse at Marrow Bay to Open Its Doors")
        #expect(article.bylines.map(\.text) == ["Tilda Varnsen"])
        #expect(article.agency.code == "REUTERS")
        #expect(article.paragraphs.count == 4)
        #expect(article.paragraphTexts[0].hasSuffix("the old quarry."))
        #expect(
            article.spokenQuotes == [
                "Odo Brackwater: We found the lamp in a barn,", "~Odo Brackwater: It still turns.",
                "Ilse Quillfeather: Nobody asked for this more than the children.",
                "~Ilse Quillfeather: They wrote us two hundred letters.",
            ])
        #expect(article.publisher.text == "The Marrow Courier")
        #expect(article.language.code == "en" && article.direction == .leftToRight)
        #expect(article.comments.map(\.author.text) == ["Petra", "Jon Halloway"])
        #expect(article.comments.map(\.text.text).first == "About time!")
        #expect(article.declaredCommentCount == 2)
        #expect(article.warnings.isEmpty)
    }

    @Test func lineEndingsDoNotMatter() throws {
        let unix = try parse(Self.arabic)
        let windows = try parse(Self.arabic.replacing("\n", with: "\r\n"))
        #expect(windows.paragraphTexts == unix.paragraphTexts)
        #expect(windows.comments.count == unix.comments.count)
        #expect(windows.hasExactSpans)
    }

    @Test func numbersInTheBodyAreNoComments() throws {
        let article = try parse(
            "عنوان الخبر\n\nأهم النقاط:\n\n1. الأولى\n\n2. الثانية\n\n- نقطة ثالثة")
        #expect(article.comments.isEmpty && !article.hasDeclaredCommentCount)
        #expect(article.paragraphs.count == 4)
        #expect(article.paragraphs.last?.kind == .list)
    }

    @Test func furnitureInTheMiddleIsKeptAside() throws {
        let article = try parse(
            """
            عنوان

            فقرة أولى عن السوق القديم في البلدة.

            اقرأ أيضاً:
            السوق يحتفل بعامه المئة
            تجار السوق يطالبون بمظلات

            فقرة ثانية عن السوق القديم في البلدة.

            إعلان

            تابع الوزير الموكب عبر قناة محلية وقال إن السوق سيبقى.
            """)
        #expect(article.paragraphs.count == 3)
        #expect(article.removed.map(\.kind) == [.related, .related, .related, .advertisement])
    }

    @Test func headlineAloneAndBodyAlone() throws {
        let headline = try parse("حريق في سوق البلدة القديم")
        #expect(headline.headline.text == "حريق في سوق البلدة القديم")
        #expect(headline.warningCodes == ["no-body"])
        let body = try parse("شب حريق في سوق البلدة القديم مساء أمس ولم يصب أحد.")
        #expect(!body.hasHeadline && body.paragraphs.count == 1)
        #expect(body.warningCodes == ["no-headline"])
    }
}
