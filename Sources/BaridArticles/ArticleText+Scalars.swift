public import BaridSchema
public import BaridText

extension Barid_Article_V1_Span {
    /// Makes a span of a range of scalar offsets.
    ///
    /// - Parameter range: Offsets from 0, below 2^32.
    public init(_ range: Range<Int>) {
        self.init()
        start = UInt32(clamping: range.lowerBound)
        end = UInt32(clamping: range.upperBound)
    }

    /// The span as a range; empty when it ends before it starts.
    public var range: Range<Int> { Int(start)..<max(Int(start), Int(end)) }
}

extension Barid_Article_V1_Text {
    /// Takes the text at a range of scalar offsets.
    ///
    /// - Parameters:
    ///   - text: The article's (or comment's) text.
    ///   - range: Where to take it.
    public init(in text: ScalarText, at range: Range<Int>) {
        self.init()
        let range = range.clamped(to: 0..<text.count)
        self.text = text[range]
        span = Barid_Article_V1_Span(range)
    }

    /// Makes a text that stands nowhere in the article.
    ///
    /// - Parameter text: The words.
    public init(_ text: String) {
        self.init()
        self.text = text
    }
}

extension Barid_Article_V1_Article {
    /// Whether every piece of text of the article is exactly what stands at its span.
    ///
    /// Pieces without a span (given beside the text, as a source) are left out. What a worker
    /// emits should hold to this; tests ask it.
    public var hasExactSpans: Bool {
        let whole = ScalarText(text)
        var pieces = bylines
        if hasPublisher { pieces.append(publisher) }
        if hasHeadline { pieces.append(headline) }
        if hasAbstract { pieces.append(abstract) }
        if hasAgency { pieces.append(agency.raw) }
        pieces += paragraphs.map(\.text)
        pieces += quotes.flatMap { $0.hasSpeaker ? [$0.text, $0.speaker] : [$0.text] }
        pieces += hashtags.map(\.raw)
        pieces += comments.flatMap { $0.hasAuthor ? [$0.text, $0.author] : [$0.text] }
        pieces += removed.map(\.text)
        return pieces.allSatisfy { piece in
            !piece.hasSpan
                || piece.span.end <= whole.count && whole[piece.span.range] == piece.text
        }
    }
}
