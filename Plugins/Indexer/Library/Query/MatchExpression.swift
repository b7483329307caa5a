/// A query in the language of FTS5, made of quoted strings only, so that it always parses.
///
/// A word is `("forms" OR "exact" OR NEAR("forms before" "forms", 4))`: the first part decides what
/// is found, the others are found only where it is and add to the rank of exact forms and of
/// neighbouring words.
struct MatchExpression {
    /// Finds and ranks.
    let ranked: String

    /// Finds the same, cheaper.
    let plain: String

    /// How many words may stand between two for the second to be a neighbour.
    private static let neighbourhood = 4

    /// Writes a query.
    ///
    /// - Parameters:
    ///   - query: The query.
    ///   - columns: The columns to look at; nil means all.
    init(_ query: SearchQuery, columns: [String]?) {
        var ranked: [String] = []
        var plain: [String] = []
        var before: String?
        for term in query.required {
            let found = Self.phrase(term.words.map(\.forms), isPrefix: Self.isPrefix(term))
            plain.append(found)
            var parts = [found]
            if !term.isPhrase, let word = term.words.first, !word.isPrefix {
                parts.append(Self.phrase([[word.word]], isPrefix: false))
                if let before { parts.append("NEAR(\(before) \(found), \(Self.neighbourhood))") }
                before = found
            } else {
                before = nil
            }
            ranked.append("(\(parts.joined(separator: " OR ")))")
        }
        let excluded = query.excluded.map {
            " NOT " + Self.phrase($0.words.map(\.forms), isPrefix: Self.isPrefix($0))
        }.joined()
        let filter = columns.map { "{\($0.joined(separator: " "))} : " } ?? ""
        self.ranked = "\(filter)((\(ranked.joined(separator: " AND ")))\(excluded))"
        self.plain = "\(filter)((\(plain.joined(separator: " AND ")))\(excluded))"
    }

    private static func isPrefix(_ term: SearchQuery.Term) -> Bool {
        term.words.last?.isPrefix ?? false
    }

    /// Words with their forms, as ``BaridTokenizer`` takes them.
    private static func phrase(_ words: [Set<String>], isPrefix: Bool) -> String {
        let body = words.map { forms in
            forms.sorted().joined(separator: String(BaridTokenizer.formSeparator))
        }.joined(separator: String(BaridTokenizer.positionSeparator))
        let escaped = body.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(escaped)\"" + (isPrefix ? " *" : "")
    }
}
