import BaridText

/// A text with its words and those among them that a query matched.
struct MarkedText {
    /// A stretch of the text that one term matched.
    struct Mark {
        let range: Range<Int>
        let term: Int
    }

    let text: ScalarText
    /// Where the text may be cut: the places of its tokens.
    let tokens: [Range<Int>]
    /// The matches in order; they may overlap.
    let marks: [Mark]

    /// Finds what a query matched in a text, by the same analysis as the index.
    ///
    /// - Parameters:
    ///   - text: The original text.
    ///   - query: The query.
    ///   - names: Folded words of the names of the article: what is known to be one is matched
    ///     with any clitics before it.
    init(_ text: String, query: SearchQuery, names: Set<String>) {
        self.text = ScalarText(text)
        let tokenized = Tokenizer.tokenize(self.text.scalars)
        tokens = tokenized.tokens.map(\.range)
        let words = Analyzer.words(of: tokenized)
        let keys = words.map { word in
            var keys = WordForms(word.folded).keys
            if !names.isEmpty {
                for reading in Clitics.readings(of: String(word.folded).prefixScalars(64))
                where names.contains(reading.stem) {
                    keys.append(reading.stem)
                }
            }
            return keys
        }
        var marks: [Mark] = []
        for (index, term) in query.required.enumerated() where term.words.count <= words.count {
            for start in 0...(words.count - term.words.count) {
                let isMatch = term.words.indices.allSatisfy { offset in
                    term.words[offset].matches(keys[start + offset])
                }
                guard isMatch else { continue }
                let end = words[start + term.words.count - 1].range.upperBound
                marks.append(Mark(range: words[start].range.lowerBound..<end, term: index))
            }
        }
        self.marks = marks.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
    }
}

extension String {
    fileprivate func prefixScalars(_ count: Int) -> String {
        String(unicodeScalars.prefix(count))
    }
}
