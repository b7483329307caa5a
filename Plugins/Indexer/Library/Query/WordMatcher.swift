import BaridText

/// The forms of the index that one word of a query is found by.
struct WordMatcher {
    /// The word and its readings without clitics; also with ب ك ل before it.
    let exact: Set<String>

    /// ``exact`` and what shares the stem.
    let forms: Set<String>

    /// The word alone.
    let word: String

    /// Whether a form need only begin with one of ``forms``.
    let isPrefix: Bool

    /// Analyses a word of a query.
    ///
    /// - Parameters:
    ///   - folded: The folded word.
    ///   - isPrefix: Whether it is the beginning of a word.
    ///   - withStem: Whether inflected forms match too.
    init(_ folded: ArraySlice<Unicode.Scalar>, isPrefix: Bool, withStem: Bool) {
        let own = WordForms(folded)
        word = String(own.word)
        self.isPrefix = isPrefix
        var exact = Set(own.exact.map { String($0) })
        // The index takes these off no word, for want of a list of words; here the rest is known.
        if let bare = own.exact.last(where: Self.takesPrepositions) {
            for preposition in Self.prepositions { exact.insert(preposition + String(bare)) }
        }
        self.exact = exact
        guard withStem, let stem = Self.stem(of: own) else {
            forms = exact
            return
        }
        forms = exact.union([String(stem), WordForms.stemKey(stem)])
    }

    /// Whether a word of a text is meant, by the forms under which it is indexed.
    ///
    /// - Parameter keys: See ``WordForms/keys``.
    /// - Returns: Whether one of them is meant.
    func matches(_ keys: [String]) -> Bool {
        guard isPrefix else { return keys.contains { forms.contains($0) } }
        return keys.contains { key in
            forms.contains { key.unicodeScalars.starts(with: $0.unicodeScalars) }
        }
    }

    private static let prepositions = ["ب", "ك", "ل"]

    /// Shorter words would be found at the end of others: `لاد` in `بلاد`.
    private static let shortestWithPreposition = 4

    private static func takesPrepositions(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
        guard word.count >= shortestWithPreposition, let first = word.first else { return false }
        return (0x621...0x64A).contains(first.value) && !word.starts(with: ["ا", "ل"])
    }

    /// The stem, also where it is the word itself: inflected forms are then found by it.
    private static func stem(of own: WordForms) -> ArraySlice<Unicode.Scalar>? {
        if let stem = own.stem { return stem }
        guard let first = own.word.first, (0x621...0x64A).contains(first.value) else { return nil }
        return own.stripped ?? own.word
    }
}
