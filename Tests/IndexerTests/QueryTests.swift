import BaridSchema
import TestSupport
import Testing

@testable import Indexer

@Suite struct QueryTests {
    @Test func understandsWordsPhrasesBeginningsAndExclusions() throws {
        let query = try SearchQuery("خبر \"جملة كاملة\" بداي* -دون -\"غير هذا\" #وسم_طويل")
        #expect(query.required.map(\.folded) == ["خبر", "جمله كامله", "بداي*", "وسم طويل"])
        #expect(query.required.map(\.isPhrase) == [false, true, false, true])
        #expect(query.excluded.map(\.folded) == ["دون", "غير هذا"])
    }

    @Test(arguments: ["", " ", "\"", "\"\"", "*", "-", "--", "-خبر", "...", "😀", "\u{200F}", "\0"])
    func saysWhenThereIsNothingToSearchFor(query: String) {
        #expect(throws: IndexError.self) { try SearchQuery(query) }
    }

    @Test func refusesMoreWordsThanItSearches() throws {
        let most = SearchQuery.maximumWords
        _ = try SearchQuery(repeatElement("خبر", count: most).joined(separator: " "))
        #expect(throws: IndexError.self) {
            try SearchQuery(repeatElement("خبر", count: most + 1).joined(separator: " "))
        }
    }

    /// Whatever is typed, FTS5 is never given what it cannot parse.
    @Test func neverMakesAnExpressionThatFails() throws {
        let test = try TestIndex()
        _ = try test.index.apply(
            try StageUpdate(article("a", headline: "AND or NEAR", body: ["خبر عن a\"b"]), order: 1))
        let pieces = [
            "خبر", "والخبر", "للخبر", "a", "AND", "OR", "NOT", "NEAR", "NEAR(a b, 3)", "near/3",
            "\"", "'", "(", ")", "{", "}", "[", ":", "headline:", "{body}:", "^", "+", "-", "*",
            "**",
            "\\", "%", ";", "--", "/*", "\0", "\u{1}", "~", "~خبر", "\u{200F}", "😀", " ", "  ",
            "\n",
            "#", "#_", "#a_b", "_", "@x", "http://a.b/c", "1.5", "x-19", "é", "ﻼ", "ُ", "«", "»",
            "”",
            "rank", "fts", "MATCH", "\u{FFFD}", "\u{10FFFF}", "٢", ",", "،",
        ]
        var generator = SeededGenerator(seed: 42)
        var searched = 0
        for round in 0..<3_000 {
            let query = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined(separator: Bool.random(using: &generator) ? " " : "")
            do {
                _ = try test.search(query, withheld: round.isMultiple(of: 2))
                searched += 1
            } catch IndexError.query {
                continue
            } catch {
                Issue.record("\(query.debugDescription): \(error)")
            }
        }
        #expect(searched > 1_500)
    }

    @Test func findsWordsThatAreOperatorsElsewhere() throws {
        let test = try TestIndex()
        _ = try test.index.apply(
            try StageUpdate(article("a", body: ["this AND that OR NOT NEAR"]), order: 1))
        for word in ["AND", "or", "NOT", "near", "that OR this"] {
            #expect(try test.find(word) == ["a"])
        }
    }
}
