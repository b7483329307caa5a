import BaridText

/// Cuts a text into the words that are indexed; the same for documents, queries and marks.
enum Analyzer {
    /// The number of this analysis.
    ///
    /// A change of what it emits must raise it: an index of a lower number is rebuilt when it is
    /// opened.
    static let version = 1

    /// Returns the words of a text in order; marks and symbols are none.
    ///
    /// A hashtag gives its parts, an account its name, an address its host.
    ///
    /// - Parameter text: A tokenized text.
    /// - Returns: Folded words with their places.
    static func words(of text: TokenizedText) -> [IndexedWord] {
        var words: [IndexedWord] = []
        words.reserveCapacity(text.tokens.count)
        func add(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            words.append(
                IndexedWord(
                    folded: text.folded.scalars[range],
                    range: text.folded.originalRange(for: range)))
        }
        for token in text.tokens {
            let range = token.foldedRange.clamped(to: 0..<text.folded.scalars.count)
            switch token.kind {
            case .word, .number:
                add(range)
            case .hashtag:
                for part in text.parts(of: token) {
                    add(part.foldedRange.clamped(to: range))
                }
            case .mention:
                add(range.dropFirst().startIndex..<range.upperBound)
            case .email, .url:
                for part in names(in: text.folded.scalars[host(in: text.folded.scalars[range])]) {
                    add(part)
                }
            case .punctuation, .symbol:
                continue
            }
        }
        return words
    }

    /// The part of an address up to its path: what follows is seldom words.
    private static func host(in address: ArraySlice<Unicode.Scalar>) -> Range<Int> {
        var start = address.startIndex
        if let colon = address.firstIndex(of: ":"), address[colon...].starts(with: [":", "/", "/"])
        {
            start = colon + 3
        }
        let end = address[start...].firstIndex(of: "/") ?? address.endIndex
        return start..<end
    }

    /// Runs of ASCII letters and digits and of anything beyond ASCII.
    private static func names(in scalars: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
        scalars.indices.split { index in
            switch scalars[index] {
            case "a"..."z", "0"..."9": false
            case let scalar: scalar.isASCII
            }
        }.compactMap { run in
            guard let first = run.first, let last = run.last else { return nil }
            return first..<(last + 1)
        }
    }
}
