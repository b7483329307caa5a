/// One token of a text: what it is, where it stands in the original and in the folded text.
public struct Token: Hashable, Sendable {
    /// What a token is.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Letters (and digits that follow them) of one script, as `don't`, `g20` or `u.s`.
        case word
        /// Digits, with inner points and commas.
        case number
        /// `#` and a name of letters, digits and underscores; see ``TokenizedText/parts(of:)``.
        case hashtag
        /// `@` and an account name.
        case mention
        /// A web address with its scheme or `www.`.
        case url
        /// An e-mail address.
        case email
        /// One punctuation mark.
        case punctuation
        /// One other visible scalar: currency, arrow, emoji.
        case symbol
    }

    /// What the token is.
    public let kind: Kind

    /// Where it stands in the original text, in scalars; a hashtag includes its `#`.
    public let range: Range<Int>

    /// Where it stands in the folded text, in scalars.
    public let foldedRange: Range<Int>

    /// Makes a token.
    ///
    /// - Parameters:
    ///   - kind: What it is.
    ///   - range: Its place in the original text, in scalars.
    ///   - foldedRange: Its place in the folded text, in scalars.
    public init(kind: Kind, range: Range<Int>, foldedRange: Range<Int>) {
        self.kind = kind
        self.range = range
        self.foldedRange = foldedRange
    }
}
