import BaridSchema
import Testing

@testable import Indexer

@Suite struct SearchTests {
    private func index(_ articles: [Article]) throws -> TestIndex {
        let test = try TestIndex()
        _ = try test.index.apply(try articles.map { try StageUpdate($0, order: 1) })
        return test
    }

    @Test func requiresAllWords() throws {
        let test = try index([
            article("both", body: ["وصلت السفينة البيضاء إلى ميناء المدينة"]),
            article("one", body: ["وصلت السفينة"]),
            article("headline", headline: "ميناء جديد", body: ["سفينة بيضاء تصل"]),
        ])
        #expect(Set(try test.find("سفينة ميناء")) == ["both", "headline"])
        #expect(try test.find("سفينة قطار") == [])
        let response = try test.search("السَّفينة ميناء")
        #expect(response.total == 2)
        #expect(response.terms == ["السفينه", "ميناء"])
    }

    @Test(arguments: [
        ("الجسر", "الجسر"), ("جسر", "الجسر"), ("الجسر", "جسر"), ("جسر", "والجسر"),
        ("جسر", "بالجسر"), ("الجسر", "وبالجسر"), ("جسر", "للجسر"), ("الجسر", "للجسر"),
        ("ليمان", "لليمان"), ("لليمان", "ليمان"), ("ليمان", "ولليمان"), ("سنبار", "لسنبار"),
        ("سنبار", "بسنبار"), ("سنبار", "ولسنبار"), ("سنبار", "وسنبار"), ("سنبار", "#سنبار"),
        ("#سنبار", "سنبار"), ("سنبار", "#شارع_سنبار"), ("مُهندِس", "مهندس"), ("مهندس", "مُهَنْدِسٌ"),
        ("مهندس", "مـهـنـدس"), ("احمد", "أحمد"), ("إحمد", "ٱحمد"), ("مدينه", "مدينة"),
        ("مستشفي", "مستشفى"), ("2024", "٢٠٢٤"), ("كتاب", "کتاب"), ("سلام", "ﺳﻼﻡ"),
        ("انتخاب", "الانتخابات"), ("انتخابات", "انتخاب"), ("مهندسون", "للمهندسين"),
        ("Café", "cafe"), ("HARBOUR", "harbour"), ("كوفان-19", "كوفان-19"),
    ])
    func findsAWordInAllItsShapes(query: String, word: String) throws {
        let test = try index([
            article("it", body: ["قبل \(word) بعد"]), article("other", body: ["قبل وبعد"]),
        ])
        #expect(try test.find(query) == ["it"])
    }

    @Test func findsAPhraseOnlyAsItStands() throws {
        let test = try index([
            article("phrase", body: ["قال البنك الوطني إنه سيفتح"]),
            article("apart", body: ["البنك الكبير وهو الوطني"]),
            article("clitic", body: ["كما جاء للبنك الوطني"]),
            article("inflected", body: ["بنوك البنك الوطنية"]),
        ])
        #expect(Set(try test.find("\"البنك الوطني\"")) == ["phrase", "clitic"])
        #expect(Set(try test.find("“البنك الوطني”")) == ["phrase", "clitic"])
        #expect(
            Set(try test.find("البنك الوطني")) == ["phrase", "apart", "clitic", "inflected"])
        #expect(Set(try test.find("#البنك_الوطني")) == ["phrase", "clitic"])
    }

    @Test func findsBeginningsAndLeavesOut() throws {
        let test = try index([
            article("long", body: ["المستشفيات في المدينة"]),
            article("short", body: ["مستشفى جديد"]),
            article("neither", body: ["مدرسة جديدة"]),
        ])
        #expect(Set(try test.find("مستش*")) == ["long", "short"])
        #expect(try test.find("مستش* -جديد") == ["long"])
        #expect(try test.find("مستش* -\"مستشفى جديد\"") == ["long"])
        #expect(try test.find("\"مستشفى جد\"*") == ["short"])
        #expect(try test.find("جديد -مستش*") == ["neither"])
        #expect(throws: IndexError.self) { try test.find("م*") }
    }

    /// The words of `search "a b"` as a shell hands them over: both are required, near ones first.
    @Test func ranksNeighboursFirst() throws {
        let far = Array(repeating: "كلام آخر عن أمور شتى لا صلة لها بذلك", count: 6)
        let test = try index([
            article("far", body: ["الفريق الفريق"] + far + ["الأزرق الأزرق"]),
            article("near", body: far + ["وقال الفريق الوطني الأزرق كلمته"]),
            article("one", body: ["الفريق"] + far),
            article("other", body: far),
        ])
        #expect(try test.find("الفريق الأزرق") == ["near", "far"])
    }

    @Test func ranksExactFormsAndHeadlinesFirst() throws {
        let test = try index([
            article("inflected", body: ["تجري انتخابات في البلدة هذا اليوم"]),
            article("exact", body: ["يجري انتخاب في البلدة هذا اليوم"]),
            article("headline", headline: "انتخاب", body: ["يجري ذلك في البلدة هذا اليوم"]),
        ])
        #expect(try test.find("انتخاب") == ["headline", "exact", "inflected"])
    }

    @Test func findsNamesThroughTheTagger() throws {
        let test = try index([
            article("it", body: ["قال للينار إنه عائد"]), article("other", body: ["قال غيره"]),
        ])
        _ = try test.index.apply(
            try StageUpdate(tagged("it", names: ["سامر لينار"]), order: 1))
        // The body has the surname only; the tagger knows the whole name.
        #expect(try test.find("سامر") == ["it"])
        let hit = try #require(try test.search("لينار").hits.first)
        #expect(hit.snippets.first?.marked == ["للينار"])
    }

    /// Short names take any clitic where the tagger knows them.
    @Test func marksShortNamesThroughTheTagger() throws {
        let test = try index([article("it", body: ["سافر مع وفد كبير ولبان زار"])])
        _ = try test.index.apply(try StageUpdate(tagged("it", names: ["بان"]), order: 1))
        let hit = try #require(try test.search("بان").hits.first)
        #expect(hit.snippets.first?.marked == ["ولبان"])
    }

    @Test func hidesCommentsUntilTheyPass() throws {
        let comments = ["تعليق أخضر", "تعليق أصفر", "تعليق أحمر", "تعليق أزرق"]
        let test = try index([article("a", body: ["نص"], comments: comments)])
        for word in ["أخضر", "أصفر", "أحمر", "أزرق"] { #expect(try test.find(word) == []) }

        let verdicts = moderated("a", comments: [.pass, .hold, .block])
        _ = try test.index.apply(try StageUpdate(verdicts, order: 1))
        #expect(try test.find("أخضر") == ["a"])
        for word in ["أصفر", "أحمر", "أزرق"] {
            #expect(try test.find(word) == [])
            #expect(try test.find(word, withheld: true) == ["a"])
        }
        let hit = try #require(try test.search("تعليق").hits.first)
        #expect(hit.snippets.map(\.text) == ["نص", "تعليق أخضر"])
        #expect(hit.snippets.last?.field == "comment")
        #expect(try test.find("نص -أحمر") == ["a"], "what is hidden excludes nothing")

        // A person lets the third pass.
        let reviewed = moderated("a", comments: [.pass, .hold, .pass])
        _ = try test.index.apply(try StageUpdate(reviewed, order: 1, replay: 1))
        #expect(try test.find("أحمر") == ["a"])
        #expect(try test.index.integrityCheck() == [])
    }

    @Test func hidesATwiceNumberedCommentIfOneIsHidden() throws {
        var twice = article("a", body: ["نص"], comments: ["تعليق أخضر", "تعليق أصفر"])
        twice.comments[1].number = 1
        let test = try index([twice])
        var verdicts = moderated("a", comments: [.pass, .block])
        verdicts.comments[1].commentNumber = 1
        _ = try test.index.apply(try StageUpdate(verdicts, order: 1))
        #expect(try test.find("تعليق") == [])
    }

    @Test func hidesCommentersNamesToo() throws {
        let test = try index([article("a", body: ["نص"], comments: ["سمعت عن سنبار"])])
        var names = tagged("a", names: [])
        names.comments = [Barid_Article_V1_CommentEntities()]
        names.comments[0].commentNumber = 1
        names.comments[0].entities = tagged("a", names: ["سنبار"]).entities
        _ = try test.index.apply(try StageUpdate(names, order: 1))
        #expect(try test.find("سنبار") == [])
    }

    @Test func showsWithheldArticlesOnRequestOnly() throws {
        let test = try index(["pass", "hold", "block", "open"].map { article($0, body: ["خبر"]) })
        for (id, decision) in [
            ("pass", Barid_Article_V1_Decision.pass), ("hold", .hold), ("block", .block),
        ] {
            _ = try test.index.apply(try StageUpdate(moderated(id, decision), order: 1))
        }
        #expect(Set(try test.find("خبر")) == ["pass", "open"])
        #expect(try test.search("خبر").total == 2)
        let all = try test.search("خبر", withheld: true)
        #expect(all.total == 4)
        #expect(
            Dictionary(uniqueKeysWithValues: all.hits.map { ($0.articleID, $0.decision) }) == [
                "pass": .pass, "hold": .hold, "block": .block, "open": .unspecified,
            ])
        #expect(try test.index.counts().withheld == 2)
    }

    @Test func pagesThroughTheHits() throws {
        let test = try index((0..<30).map { article("a\($0)", body: ["خبر"]) })
        func page(limit: UInt32, offset: UInt32) throws -> [String] {
            var request = Barid_Index_V1_SearchRequest()
            request.query = "خبر"
            request.limit = limit
            request.offset = offset
            let response = try test.index.search(request)
            #expect(response.total == 30)
            return response.hits.map(\.articleID)
        }
        #expect(try page(limit: 0, offset: 0).count == 10)
        #expect(try page(limit: .max, offset: 0).count == 30)
        let pages = try [0, 10, 20, 30].flatMap { try page(limit: 10, offset: $0) }
        #expect(pages.count == 30)
        #expect(Set(pages).count == 30)
    }

    @Test func tellsWhatIsKnownOfAHit() throws {
        var full = article("a", headline: "عنوان", body: ["خبر"])
        full.publisher.text = "جريدة الساحل"
        full.url = "https://example.org/1"
        full.language.code = "ar"
        full.published.seconds = 1_700_000_000
        full.published.nanos = 5
        let test = try index([full])
        let hit = try #require(try test.search("خبر").hits.first)
        #expect(hit.publisher == "جريدة الساحل")
        #expect(hit.url == "https://example.org/1")
        #expect(hit.language == "ar")
        #expect(hit.published.seconds == 1_700_000_000)
        #expect(hit.published.nanos == 5)
        #expect(hit.revision == "r1")
        #expect(hit.headline.text == "عنوان")
        #expect(hit.score > 0)
    }
}
