internal import BaridText

/// The text of an article (or of one comment) cut into sentences of words.
struct TaggedDocument: Sendable {
    /// A hashtag as written.
    struct Hashtag: Sendable {
        let name: String
        let range: Range<Int>
    }

    /// The scalars that all ranges count.
    let scalars: [Unicode.Scalar]

    /// Sentences in order; none empty.
    private(set) var sentences: [[Word]] = []

    /// The hashtags, in order.
    private(set) var hashtags: [Hashtag] = []

    private var tokens = 0

    /// Starts a document without sentences.
    ///
    /// - Parameter scalars: The whole text that ranges count in.
    init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    /// Reads a part of the text.
    ///
    /// - Parameters:
    ///   - part: Scalar offsets, cut to the text.
    ///   - gazetteer: The names known.
    mutating func append(_ part: Range<Int>, gazetteer: Gazetteer) {
        let part = part.clamped(to: 0..<scalars.count)
        for sentence in Sentences.split(scalars, in: part) {
            let words = read(sentence, gazetteer)
            if !words.isEmpty { sentences.append(words) }
        }
    }

    /// Returns the original text of a range.
    func text(in range: Range<Int>) -> String { String(scalars: scalars, in: range) }

    private mutating func read(_ sentence: Range<Int>, _ gazetteer: Gazetteer) -> [Word] {
        let tokenized = Tokenizer.tokenize(Array(scalars[sentence]))
        var words: [Word] = []
        words.reserveCapacity(tokenized.tokens.count)
        for token in tokenized.tokens {
            tokens += 1
            switch token.kind {
            case .mention, .url, .email:
                // Addresses are nobody's name; they still keep their neighbours apart.
                let range = sentence.lowerBound + token.range.lowerBound
                words.append(
                    Word(
                        text: "@", original: [], range: range..<(range + 1), token: tokens,
                        isHashtag: false, gazetteer: gazetteer))
            case .hashtag:
                hashtags.append(
                    Hashtag(
                        name: tokenized.text(of: token),
                        range: token.range.shifted(by: sentence.lowerBound)))
                for (index, part) in tokenized.parts(of: token).enumerated() {
                    // The sign belongs to the first part.
                    let start = index == 0 ? token.range.lowerBound : part.range.lowerBound
                    append(
                        part, start..<part.range.upperBound, isHashtag: true, tokenized, sentence,
                        &words, gazetteer)
                }
            case .word, .number, .punctuation, .symbol:
                append(
                    token, token.range, isHashtag: false, tokenized, sentence, &words, gazetteer)
            }
        }
        return words
    }

    private func append(
        _ token: Token, _ range: Range<Int>, isHashtag: Bool, _ tokenized: TokenizedText,
        _ sentence: Range<Int>, _ words: inout [Word], _ gazetteer: Gazetteer
    ) {
        let place = range.shifted(by: sentence.lowerBound).clamped(to: sentence)
        words.append(
            Word(
                text: tokenized.folded.string(in: token.foldedRange),
                original: scalars[place], range: place, token: tokens,
                isHashtag: isHashtag, gazetteer: gazetteer))
    }
}

extension Range<Int> {
    /// The range moved by an offset.
    func shifted(by offset: Int) -> Range<Int> {
        (lowerBound + offset)..<(upperBound + offset)
    }
}
