import BaridSchema
import TestSupport
import Testing

@testable import Indexer

/// The promise of index.proto: original letters, with what matched marked.
@Suite struct SnippetTests {
    private func hit(_ query: String, _ article: Article) throws -> Barid_Index_V1_Hit {
        let test = try TestIndex()
        _ = try test.index.apply(try StageUpdate(article, order: 1))
        return try #require(try test.search(query).hits.first)
    }

    @Test(arguments: [
        ("مهندس", "مُهَنْدِسٌ"),  // Vowel marks within and at the end.
        ("مهندس", "مـــهندس"),  // Tatweel.
        ("احمد", "أحمد"), ("مدرسه", "المدرسة"), ("مستشفي", "مستشفى"), ("مسوول", "مسؤول"),
        ("سلام", "ﺳﻼﻡ"),  // Presentation forms with a lam-alef ligature.
        ("کتاب", "كتاب"), ("2024", "٢٠٢٤"),
        ("ليمان", "للِيمَان"),  // The clitic has taken the alef of the article.
        ("جسر", "وبالجسر"), ("سنبار", "لسنبار"), ("مهندسون", "المهندسين"),
        ("شارع", "شا\u{200B}رع"),  // A zero-width space within the word.
        ("Cafe", "Cafe\u{301}"), ("cafe", "CAFÉ"),
    ])
    func marksTheOriginalLetters(query: String, word: String) throws {
        // Letters of two scalars and of two UTF-16 units stand before, so that units would show.
        let text = "😀 أُو\u{200F} \(word)، ثم غيره"
        let hit = try hit(query, article("a", headline: text, body: [text]))
        for snippet in [hit.headline] + hit.snippets {
            #expect(snippet.text.unicodeScalars.elementsEqual(text.unicodeScalars))
            #expect(snippet.marked.map { Array($0.unicodeScalars) } == [Array(word.unicodeScalars)])
        }
        #expect(hit.headline.field == "headline")
        #expect(hit.snippets.map(\.field) == ["body"])
    }

    @Test func marksTheNameOfAHashtagWithoutItsSign() throws {
        let hit = try hit("سنبار", article("a", body: ["قال #سنبار و #شارع_سنبار اليوم"]))
        #expect(hit.snippets.first?.marked == ["سنبار", "سنبار"])
    }

    @Test func marksAPhraseAsOneAndNotItsWordsElsewhere() throws {
        let hit = try hit(
            "\"البنك الوطني\"", article("a", body: ["البنك يقول إن للبنك الوطني، وهو الوطني"]))
        #expect(hit.snippets.first?.marked == ["للبنك الوطني"])
    }

    @Test func marksBeginningsWhole() throws {
        let hit = try hit("مستش*", article("a", body: ["في المستشفيات"]))
        #expect(hit.snippets.first?.marked == ["المستشفيات"])
    }

    @Test func choosesThePiecesThatShowAllWords() throws {
        let filler = Array(repeating: "كلام طويل لا يعني شيئا هنا", count: 40).joined(
            separator: " ")
        let hit = try hit(
            "سفينة ميناء قطار",
            article(
                "a",
                body: [
                    filler + " سفينة " + filler, "لا شيء هنا", "وفي ميناء المدينة قطار", filler,
                ]))
        #expect(hit.snippets.count == 2)
        #expect(hit.snippets[0].marked == ["سفينة"])
        #expect(hit.snippets[1].marked == ["ميناء", "قطار"])
        for snippet in hit.snippets {
            #expect(snippet.text.unicodeScalars.count <= SnippetMaker.maximumLength)
            #expect(
                snippet.text.hasPrefix("وفي") || snippet.text.hasPrefix("ك")
                    || snippet.text.contains("سفينة"))
        }
    }

    @Test func showsTheBeginningWhenOnlyTheHeadlineMatched() throws {
        let long = Array(repeating: "كلمة", count: 200).joined(separator: " ")
        let hit = try hit("عنوان", article("a", headline: "عنوان الخبر", body: [long]))
        #expect(hit.headline.marked == ["عنوان"])
        let beginning = try #require(hit.snippets.first)
        #expect(beginning.marks.isEmpty)
        #expect(beginning.text.hasPrefix("كلمة كلمة"))
        #expect((200...240).contains(beginning.text.unicodeScalars.count))
    }

    /// Whatever the text, marks lie in it, in order, and the text is a part of the original.
    @Test func marksLieWithinAnyText() throws {
        var generator = SeededGenerator(seed: 7)
        let pool = Array("خبر والخبر للخبر ُِ ـ \u{200F}\u{200B}ﻼ#_😀é.,\n«»-a1".unicodeScalars)
        for round in 0..<60 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...600, using: &generator) {
                view.append(pool.randomElement(using: &generator) ?? " ")
            }
            let text = String(view) + " خبر"
            let test = try TestIndex()
            _ = try test.index.apply(
                try StageUpdate(article("a", headline: text, body: [text]), order: 1))
            let hit = try #require(try test.search("خبر").hits.first, "round \(round)")
            for snippet in [hit.headline] + hit.snippets {
                let scalars = Array(snippet.text.unicodeScalars)
                var end: UInt32 = 0
                #expect(!snippet.marks.isEmpty)
                for mark in snippet.marks {
                    #expect(mark.start >= end && mark.start < mark.end)
                    end = mark.end
                }
                #expect(Int(end) <= scalars.count)
                #expect(Array(text.unicodeScalars).contains(scalars))
            }
        }
    }
}
