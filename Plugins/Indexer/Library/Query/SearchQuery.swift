import BaridText

/// What a person typed to search, understood: `words "a phrase" begin* -without`.
///
/// Everything is understood somehow: quotes that do not close end with the text, marks that mean
/// nothing are left out. Several words written as one (`#a_b`, `x-19`) are a phrase.
struct SearchQuery {
    /// One thing to find: a word, or words that follow one another.
    struct Term {
        /// The words, by what each of them matches.
        let words: [WordMatcher]

        /// The words as they were understood, for ``SearchResponse``.
        let folded: String

        /// Whether it stood in quotes or is several words: found only as it is.
        let isPhrase: Bool
    }

    /// What must all be found, in order.
    private(set) var required: [Term] = []

    /// What must not be found.
    private(set) var excluded: [Term] = []

    /// More words are refused: each costs a walk through the index.
    static let maximumWords = 32

    /// Shorter beginnings match too much to be of use.
    static let minimumPrefix = 2

    /// Understands a query.
    ///
    /// - Parameter query: Whatever was typed.
    /// - Throws: ``IndexError/query(_:)`` when nothing is left to search for, or too much.
    init(_ query: String) throws(IndexError) {
        var wordCount = 0
        for piece in Self.pieces(of: query) {
            let text = Tokenizer.tokenize(piece.text)
            let words = Analyzer.words(of: text)
            guard let last = words.indices.last else { continue }
            wordCount += words.count
            let isPhrase = piece.isQuoted || words.count > 1
            let matchers = words.indices.map { index in
                let isPrefix = piece.isPrefix && index == last
                return WordMatcher(
                    words[index].folded, isPrefix: isPrefix, withStem: !isPhrase && !isPrefix)
            }
            if piece.isPrefix, words[last].folded.count < Self.minimumPrefix {
                throw .query(
                    "a beginning needs \(Self.minimumPrefix) letters at least: \(piece.text)")
            }
            let folded = words.map { String($0.folded) }.joined(separator: " ")
            let term = Term(
                words: matchers, folded: piece.isPrefix ? folded + "*" : folded, isPhrase: isPhrase)
            if piece.isExcluded { excluded.append(term) } else { required.append(term) }
        }
        guard wordCount <= Self.maximumWords else {
            throw .query("the query has \(wordCount) words; at most \(Self.maximumWords) are taken")
        }
        guard !required.isEmpty else {
            throw .query(
                excluded.isEmpty
                    ? "the query has no word to search for"
                    : "the query only excludes: it needs a word to search for")
        }
    }

    // MARK: Reading

    private struct Piece {
        var text: String
        var isQuoted = false
        var isPrefix = false
        var isExcluded = false
    }

    private static func isQuote(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "“", "”", "„", "«", "»": true
        default: false
        }
    }

    private static func pieces(of query: String) -> [Piece] {
        let scalars = Array(query.unicodeScalars)
        var pieces: [Piece] = []
        var at = 0
        while at < scalars.count {
            guard !scalars[at].properties.isWhitespace else {
                at += 1
                continue
            }
            var piece = Piece(text: "")
            if scalars[at] == "-" {
                piece.isExcluded = true
                at += 1
            }
            if at < scalars.count, isQuote(scalars[at]) {
                let start = at + 1
                at = scalars[start...].firstIndex(where: isQuote) ?? scalars.count
                piece.isQuoted = true
                piece.text = String(scalars: scalars, in: start..<at)
                at = min(at + 1, scalars.count)
            } else {
                let start = at
                at =
                    scalars[start...].firstIndex { $0.properties.isWhitespace || isQuote($0) }
                    ?? scalars.count
                piece.text = String(scalars: scalars, in: start..<at)
            }
            if piece.text.unicodeScalars.last == "*" {
                piece.isPrefix = true
            } else if piece.isQuoted, at < scalars.count, scalars[at] == "*" {
                piece.isPrefix = true
                at += 1
            }
            pieces.append(piece)
        }
        return pieces
    }
}
