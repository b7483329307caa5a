import ArticleParser
import BaridArticles
import Foundation
import TestSupport
import Testing

/// What strangers send never traps, never breaks an offset, and takes time in its length only.
struct HostileInputTests {
    private static let pieces = [
        "قال", "وأضاف", "said", "سامي", "الوزير", "“", "”", "\"", "«", "»", "(", ")", "رويترز", "-",
        ":", ".",
        "\n", "\n\n", "\r", "1. ", "2. ", "3 تعليقات", "#", "#ليل", "\u{202E}", "ّ", "،", " ",
        "تابعوا",
        "عبر صفحة", "لا تعبر عن رأي", "التعليقات", "اقرأ أيضا:", "By X", "http://a.example", "😀",
        "\u{0}",
        "عن", "قوله", "، ", "J. ", "Reuters", "Source: ",
    ]

    @Test(arguments: UInt64(1)...300)
    func neverBreaks(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var text = "خبر "
        for _ in 0..<Int.random(in: 1...150, using: &generator) {
            text += Self.pieces[Int.random(in: Self.pieces.indices, using: &generator)]
            if Bool.random(using: &generator) { text += " " }
        }
        let article = try parse(text)
        #expect(article.hasExactSpans && article.text == text)
        _ = try article.jsonLine()
    }

    @Test(arguments: UInt64(1)...100)
    func randomBytesAreParsedOrRefused(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<400).map { _ in UInt8.random(in: 0...255, using: &generator) }
        if let article = try? parse(bytes: bytes) { #expect(article.hasExactSpans) }
        if let item = try? parse(bytes: bytes, type: "application/json") {
            #expect(item.hasExactSpans)
        }
    }

    /// Tens of thousands of each; a quadratic step would run into the limit.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "a\n", "سطر\n\n", "كلمة ", "“", "\"a\" ", "قوله “نعم ثم لا” ", "said, \"a b c d\" ",
            "(", "1. x\n", "#و", "قال سامي. ", "- - ", "ا", "[[[[", "\"title\":",
        ])
    func timeIsLinear(piece: String) throws {
        let size = 60_000
        let body = String(repeating: piece, count: size / piece.utf8.count)
        let article = try parse("عنوان\n\nفقرة.\n\n3 تعليقات\n\n" + body)
        #expect(article.hasExactSpans)
        #expect(try parse("عنوان\n\n" + body).hasExactSpans)
    }
}
