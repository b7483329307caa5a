import BaridText

/// The forms under which one word stands in the index, all at the same position.
///
/// A word is found by any of them: as written, without its clitics, and, marked so that exact
/// search can tell it apart, by its stem.
struct WordForms {
    /// The word itself, folded.
    let word: ArraySlice<Unicode.Scalar>

    /// The word without its clitics, when that differs from it.
    let stripped: ArraySlice<Unicode.Scalar>?

    /// The other reading of `لل…`, as ل and a noun that begins with ل: `للافروف` is also `لافروف`.
    let alternative: ArraySlice<Unicode.Scalar>?

    /// The light stem, when it is none of the others.
    let stem: ArraySlice<Unicode.Scalar>?

    /// Stands before a stem in the index; not a letter, so no word begins with it.
    static let stemMark: Unicode.Scalar = "~"

    /// Longer words are cut to this length, in the index and in queries alike.
    static let maximumLength = 64

    /// Analyses a word.
    ///
    /// - Parameter folded: A folded word.
    init(_ folded: ArraySlice<Unicode.Scalar>) {
        let word = folded.prefix(Self.maximumLength)
        self.word = word
        guard let first = word.first, (0x621...0x64A).contains(first.value) else {
            stripped = nil
            alternative = nil
            stem = nil
            return
        }
        let stripped = Clitics.stripped(word)
        self.stripped = stripped.count < word.count ? stripped : nil
        alternative = Self.secondReading(of: word)
        let stem = Clitics.lightStem(word)
        self.stem = stem.count < stripped.count ? stem : nil
    }

    /// The forms that mean the word itself, not its stem.
    var exact: [ArraySlice<Unicode.Scalar>] {
        [word, stripped, alternative].compactMap(\.self)
    }

    /// Returns every form as it is spelled in the index.
    var keys: [String] {
        var keys = exact.map { String($0) }
        if let stem { keys.append(Self.stemKey(stem)) }
        return keys
    }

    /// Returns the spelling of a stem in the index.
    ///
    /// - Parameter stem: A stem.
    /// - Returns: The stem, marked.
    static func stemKey(_ stem: ArraySlice<Unicode.Scalar>) -> String {
        String([stemMark] + stem)
    }

    private static func secondReading(
        of word: ArraySlice<Unicode.Scalar>
    ) -> ArraySlice<Unicode.Scalar>? {
        let rest = word.first == "و" || word.first == "ف" ? word.dropFirst() : word
        guard rest.count >= 4, rest.starts(with: ["ل", "ل"]) else { return nil }
        return rest.dropFirst()
    }
}

extension String {
    /// Makes a string of scalars.
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        self.init(scalars: scalars)
    }
}
