/// A language as told from a text alone.
public struct Language: Hashable, Sendable {
    /// The BCP 47 code, `und` when the text does not tell.
    public let code: String

    /// How sure that is, from 0 to 1: the lead over the second-best reading.
    public let confidence: Double

    /// The text does not tell its language.
    public static let undetermined = Language(code: "und", confidence: 0)

    /// Makes a value.
    ///
    /// - Parameters:
    ///   - code: A BCP 47 code.
    ///   - confidence: From 0 to 1.
    public init(code: String, confidence: Double) {
        self.code = code
        self.confidence = confidence
    }

    /// Tells the language of a text by its script, its common words and its letters.
    ///
    /// It knows ar, fa, ur, ckb, en, fr, de, tr, es, it, pt and nl by words, and he, el, ru, uk,
    /// ko, ja, zh and hi by script. Arabic script without a sign of another language is ar. Only
    /// the first 20,000 scalars are read.
    ///
    /// - Parameter text: Any text.
    /// - Returns: A language, ``undetermined`` rather than a guess.
    public static func detect(_ text: String) -> Language {
        detect(Array(text.unicodeScalars.prefix(longestSample)))
    }

    /// Tells the language of scalars; see ``detect(_:)-(String)``.
    ///
    /// - Parameter scalars: The scalars of a text.
    /// - Returns: A language, ``undetermined`` rather than a guess.
    public static func detect(_ scalars: some Collection<Unicode.Scalar>) -> Language {
        var evidence = LanguageEvidence()
        evidence.read(scalars.prefix(longestSample))
        return evidence.language
    }

    private static let longestSample = 20_000
}
