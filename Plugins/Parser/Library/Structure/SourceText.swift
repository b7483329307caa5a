import BaridArticles
import BaridSchema
import BaridText

/// The decoded text with its scalars, folded form and tokens, all made once.
struct SourceText: Sendable {
    let text: ScalarText
    let tokenized: TokenizedText
    /// Every word of the text, folded.
    private let words: Set<String>

    var count: Int { text.count }

    init(_ string: String) {
        text = ScalarText(string)
        let tokenized = Tokenizer.tokenize(text.scalars)
        self.tokenized = tokenized
        words = Set(
            tokenized.tokens.lazy.filter { $0.kind == .word }.map { tokenized.text(of: $0) })
    }

    /// Whether a folded word stands anywhere in the text.
    func hasWord(_ word: String) -> Bool { words.contains(word) }

    /// The text at a range as the model has it.
    func piece(_ range: Range<Int>) -> ArticleText {
        ArticleText(in: text, at: range)
    }

    /// The tokens that start in a range.
    func tokens(in range: Range<Int>) -> ArraySlice<Token> {
        let all = tokenized.tokens
        func first(from offset: Int) -> Int {
            var low = 0
            var high = all.count
            while low < high {
                let middle = (low + high) / 2
                if all[middle].range.lowerBound < offset { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let start = first(from: range.lowerBound)
        return all[start..<max(start, first(from: range.upperBound))]
    }

    /// The folded text of a token, without the sign of a hashtag.
    func folded(_ token: Token) -> String {
        tokenized.text(of: token)
    }

    /// A range without white space, invisible characters and byte order marks at its edges.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isBlank(text.scalars[lower]) { lower += 1 }
        while upper > lower, isBlank(text.scalars[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F, 0x61C: true
        default: scalar.properties.isWhitespace || scalar.value < 0x20
        }
    }

    func hashtags(in range: Range<Int>) -> [ArticleHashtag] {
        tokens(in: range).filter { $0.kind == .hashtag }.map { token in
            var hashtag = ArticleHashtag()
            hashtag.raw = piece(token.range)
            hashtag.name = String(hashtag.raw.text.drop { $0 == "#" || $0 == "＃" })
            return hashtag
        }
    }

    /// Controls that can make a line read other than it is stored; plain marks are harmless.
    func warnOfBidiControls(_ article: inout Article) {
        var first: Int?
        var count = 0
        for (offset, scalar) in text.scalars.enumerated() {
            switch scalar.value {
            case 0x202A...0x202E, 0x2066...0x2069:
                first = first ?? offset
                count += 1
            default:
                continue
            }
        }
        guard let first else { return }
        article.warn(
            "bidi-controls",
            count == 1
                ? "an invisible bidi control here"
                : "\(count) invisible bidi controls, the first one here",
            at: first..<(first + 1))
    }
}
