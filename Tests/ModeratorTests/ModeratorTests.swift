import BaridSchema
import Moderator
import Testing

/// Comments are judged by what they say and to whom; articles only by what no report needs.
struct ModeratorTests {
    private let moderator = Moderator()

    private func decision(_ text: String) -> Barid_Article_V1_Decision {
        moderator.moderate(text: text).article.decision
    }

    @Test(arguments: [
        "شكرا على هذا المقال المفيد", "لا أوافق الكاتب الرأي ولكن أحترمه",
        "أسعار لحم الخنزير ارتفعت",
        "القبض على لص في المدينة", "الكلاب البوليسية ساعدت الشرطة",
        "I do not agree with this report",
        "The guinea pig is a rodent", "ليس غبيا من يسأل", "ركبت الباص رقم 12 بكسر في الزجاج", "",
    ])
    func harmlessCommentsPass(comment: String) {
        #expect(decision(comment) == .pass)
    }

    @Test(arguments: [
        "أنت غبي ولا تفهم", "يا حمار اسكت", "خنزير ويقبل الحذاء", "والخنزير هذا مثلك", "You idiot",
        "تستحق القتل على هذا الكلام", "you are a pathetic clown",
    ])
    func abuseDoesNotPass(comment: String) {
        #expect(decision(comment) != .pass)
    }

    @Test(arguments: ["سأقتلك يا كلب", "I will kill you", "يا ابن الكلب يا حقير"])
    func threatsAndGrossAbuseAreBlocked(comment: String) {
        #expect(decision(comment) == .block)
    }

    @Test(arguments: [
        ("سأقتلك", "threat"), ("يا غبي", "insult"), ("اللاجئين حثالة", "hate"),
        ("click here http://a.example http://b.example", "spam"), ("fuck this", "profanity"),
    ])
    func findingsNameTheirCategoryLettersAndRule(comment: String, category: String) throws {
        let verdict = moderator.moderate(text: comment).article
        let finding = try #require(verdict.findings.first)
        #expect(finding.category == category)
        #expect(!finding.rule.isEmpty)
        #expect(verdict.standsWhereItSays(in: comment))
    }

    @Test func anAnimalSpokenOfIsNoInsultToTheLexicon() {
        let lexicon = Moderator(usesModel: false)
        #expect(lexicon.moderate(text: "الكلب صديق الإنسان").article.decision == .pass)
        #expect(lexicon.moderate(text: "كلب ويكذب").article.decision == .hold)
    }

    @Test func denialAndQuotationWeighLess() {
        let plain = moderator.moderate(text: "هو كذاب").article.score
        #expect(moderator.moderate(text: "هو ليس كذاب").article.score < plain)
        #expect(moderator.moderate(text: "قالوا عنه هو “كذاب” أمس").article.score < plain)
    }

    @Test func anArticleThatReportsAbuseAndViolencePasses() {
        let article = Barid_Article_V1_Article(
            body:
                "قتل ثلاثة أشخاص في هجوم، ووصف المتحدث المهاجمين بأنهم كلاب وخونة وقال إنهم سيقتلون.",
            comments: ["مقال جيد", "يا كلاب يا خونة سأقتلكم"])
        let moderated = moderator.moderate(article)
        #expect(moderated.article.decision == .pass)
        #expect(moderated.comments.map(\.commentNumber) == [1, 2])
        #expect(moderated.comments.map(\.verdict.decision) == [.pass, .block])
        #expect(moderated.comments.allSatisfy { $0.verdict.standsWhereItSays(in: article.text) })
        #expect(moderated.policy == Moderator.policy)
    }

    @Test func anArticleOfGrossWordsIsHeldBack() {
        let article = Barid_Article_V1_Article(body: "fuck you, you bitch, son of a bitch")
        #expect(moderator.moderate(article).article.decision != .pass)
    }

    @Test func spansOutsideTheTextAreCut() {
        var article = Barid_Article_V1_Article(body: "نص", comments: ["يا غبي"])
        article.comments[0].text.span.end = .max
        article.paragraphs[0].text.span.start = .max
        let moderated = moderator.moderate(article)
        #expect(moderated.comments.first?.verdict.standsWhereItSays(in: article.text) == true)
    }

    @Test(arguments: [
        "ك ", "كلب ", "“", "ا", "a.", "#", "\u{FDFA}", "\u{064B}", "يا ", "http://a.b ",
    ])
    func oneTokenWithoutEndIsRead(piece: String) {
        let text = String(repeating: piece, count: 5000)
        #expect(moderator.moderate(text: text).article.standsWhereItSays(in: text))
    }
}
