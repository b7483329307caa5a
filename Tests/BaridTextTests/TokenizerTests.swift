import BaridText
import Testing

struct TokenizerTests {
    /// The tokens of a text as `kind:original`.
    private func tokens(_ string: String) -> [String] {
        let text = ScalarText(string)
        return Tokenizer.tokenize(text.scalars).tokens.map { "\($0.kind):\(text[$0.range])" }
    }

    @Test(
        arguments: [
            ("قال الوزير.", ["word:قال", "word:الوزير", "punctuation:."]),
            ("مُـحـمّد", ["word:مُـحـمّد"]),
            ("نيم\u{200C}فاصله", ["word:نيم\u{200C}فاصله"]),
            ("\u{202A}خبر\u{202C}", ["word:خبر"]),
            ("قناةBBC الثانية", ["word:قناة", "word:BBC", "word:الثانية"]),
            ("سنة2017", ["word:سنة", "number:2017"]),
            ("٣ تعليقات", ["number:٣", "word:تعليقات"]),
            ("1,500.25 kg", ["number:1,500.25", "word:kg"]),
            ("G20 20th", ["word:G20", "word:20th"]),
            ("don't o’clock dogs'", ["word:don't", "word:o’clock", "word:dogs", "punctuation:'"]),
            ("U.S. أ.ف.ب", ["word:U.S", "punctuation:.", "word:أ.ف.ب"]),
            ("و#دار_السلام!", ["word:و", "hashtag:#دار_السلام", "punctuation:!"]),
            ("C# #1 #", ["word:C", "punctuation:#", "punctuation:#", "number:1", "punctuation:#"]),
            (
                "من @a_b1 و a@b.example",
                ["word:من", "mention:@a_b1", "word:و", "email:a@b.example"]
            ),
            (
                "(https://x.example/a?b=1).",
                [
                    "punctuation:(", "url:https://x.example/a?b=1", "punctuation:)",
                    "punctuation:.",
                ]
            ),
            ("www.x.example،", ["url:www.x.example", "punctuation:،"]),
            ("€5 😀", ["symbol:€", "number:5", "symbol:😀"]),
            ("", []), (" \n\t", []),
        ] as [(String, [String])])
    func cuts(text: String, expected: [String]) {
        #expect(tokens(text) == expected)
    }

    @Test func hashtagsHaveParts() throws {
        let text = ScalarText("شاهد #مهرجان_الربيع2019 #CivilDefence_2 #_1a")
        let result = Tokenizer.tokenize(text.scalars)
        let hashtags = result.tokens.filter { $0.kind == .hashtag }
        let parts = hashtags.map { result.parts(of: $0).map { text[$0.range] } }
        #expect(
            parts == [
                ["مهرجان", "الربيع", "2019"], ["Civil", "Defence", "2"], ["1", "a"],
            ])
        #expect(result.text(of: try #require(hashtags.first)) == "مهرجان_الربيع2019")
    }

    @Test(arguments: UInt64(1)...300)
    func neverTrapsAndStaysInOrder(seed: UInt64) {
        let text = ScalarText(awkwardText(seed: seed))
        let result = Tokenizer.tokenize(text.scalars)
        var last = 0
        for token in result.tokens {
            #expect(token.foldedRange.lowerBound >= last && !token.range.isEmpty)
            #expect(token.range.upperBound <= text.count)
            last = token.foldedRange.upperBound
            _ = result.parts(of: token)
            _ = result.text(of: token)
        }
        _ = Sentences.split(text.scalars)
        _ = Quotation.spans(text.scalars, in: -3..<9999)
        _ = Language.detect(text.string)
        _ = Clitics.readings(of: text.string)
    }

    @Test(arguments: ["a.", "a@", "#_", "“", "\"", "ا", "w", "1,", "و", ". ", "”"])
    func longRunsOfOneThingEnd(piece: String) {
        let text = String(repeating: piece, count: 20_000)
        let scalars = Array(text.unicodeScalars)
        #expect(Tokenizer.tokenize(scalars).tokens.count <= scalars.count)
        #expect(Sentences.split(scalars).count <= scalars.count)
        #expect(Clitics.readings(of: text).count <= 40)
    }
}
