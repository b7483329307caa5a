import BaridSchema
import BaridText

/// Cuts the pieces of a text that show best why it was found.
struct SnippetMaker {
    /// What was searched for.
    let query: SearchQuery

    /// Folded words of the article's names; see ``MarkedText``.
    let names: Set<String>

    /// The longest piece that is shown, in scalars; a headline is shown whole.
    static let maximumLength = 240

    /// Most pieces of the body.
    static let maximumPieces = 2

    /// Returns a text whole, marked.
    ///
    /// - Parameters:
    ///   - text: The original text.
    ///   - field: The field's name.
    /// - Returns: The whole text.
    func whole(_ text: String, field: String) -> Barid_Index_V1_Snippet {
        let marked = MarkedText(text, query: query, names: names)
        return Self.snippet(of: marked, in: 0..<marked.text.count, field: field)
    }

    /// Returns the best pieces of some texts, in their order; empty when nothing matched in them.
    ///
    /// - Parameters:
    ///   - texts: Paragraphs or comments.
    ///   - limit: Most pieces to return.
    ///   - field: The field's name.
    /// - Returns: At most `limit` pieces.
    func best(
        of texts: [some StringProtocol], limit: Int, field: String
    )
        -> [Barid_Index_V1_Snippet]
    {
        var found: [(index: Int, window: Window, marked: MarkedText)] = []
        for (index, text) in texts.enumerated() {
            let marked = MarkedText(String(text), query: query, names: names)
            if let window = Window(best: marked) { found.append((index, window, marked)) }
        }
        var chosen: [(index: Int, window: Window, marked: MarkedText)] = []
        var shown: Set<Int> = []
        while chosen.count < limit {
            // First what shows most terms not shown yet, then most terms, then most matches.
            func value(_ window: Window) -> (Int, Int, Int) {
                (window.terms.subtracting(shown).count, window.terms.count, window.matches)
            }
            let best = found.indices.max { left, right in
                let values = (value(found[left].window), value(found[right].window))
                return values.0 == values.1 ? left > right : values.0 < values.1
            }
            guard let best else { break }
            shown.formUnion(found[best].window.terms)
            chosen.append(found.remove(at: best))
        }
        return chosen.sorted { $0.index < $1.index }.map {
            Self.snippet(of: $0.marked, in: $0.window.range, field: field)
        }
    }

    /// Returns the beginning of a text, unmarked: what is shown when nothing matched in it.
    ///
    /// - Parameters:
    ///   - text: The original text.
    ///   - field: The field's name.
    /// - Returns: Whole tokens; nil when there is none.
    func beginning(of text: some StringProtocol, field: String) -> Barid_Index_V1_Snippet? {
        let marked = MarkedText(String(text), query: query, names: [])
        guard let first = marked.tokens.first else { return nil }
        let end = marked.tokens.last { $0.upperBound <= first.lowerBound + Self.maximumLength }
        return Self.snippet(
            of: marked, in: first.lowerBound..<(end ?? first).upperBound, field: field)
    }

    private static func snippet(
        of marked: MarkedText, in range: Range<Int>, field: String
    ) -> Barid_Index_V1_Snippet {
        var snippet = Barid_Index_V1_Snippet()
        snippet.text = marked.text[range]
        snippet.field = field
        var ranges: [Range<Int>] = []
        for mark in marked.marks {
            let mark = mark.range.clamped(to: range)
            guard !mark.isEmpty else { continue }
            if let last = ranges.last, mark.lowerBound < last.upperBound {
                ranges[ranges.count - 1] =
                    last.lowerBound..<max(last.upperBound, mark.upperBound)
            } else {
                ranges.append(mark)
            }
        }
        snippet.marks = ranges.map { mark in
            var span = Barid_Article_V1_Span()
            span.start = UInt32(clamping: mark.lowerBound - range.lowerBound)
            span.end = UInt32(clamping: mark.upperBound - range.lowerBound)
            return span
        }
        return snippet
    }
}

/// The stretch of a text, at most a snippet long, that holds the most matches.
private struct Window {
    let range: Range<Int>
    let terms: Set<Int>
    let matches: Int

    /// Finds the best stretch; nil when the text has no match.
    init?(best marked: MarkedText) {
        var best: (first: Int, end: Int, terms: Set<Int>)?
        for first in marked.marks.indices {
            let limit = marked.marks[first].range.lowerBound + SnippetMaker.maximumLength
            let inside = marked.marks[first...].prefix { $0.range.upperBound <= limit }
            let terms = Set(inside.map(\.term))
            let isBetter = best.map {
                (terms.count, inside.count) > ($0.terms.count, $0.end - $0.first)
            }
            if isBetter ?? true { best = (first, inside.endIndex, terms) }
        }
        guard let best else { return nil }
        let core = marked.marks[best.first..<max(best.end, best.first + 1)]
        let start = core.first?.range.lowerBound ?? 0
        let end = core.map(\.range.upperBound).max() ?? start
        range = Self.widen(start..<end, tokens: marked.tokens)
        terms = best.terms
        matches = best.end - best.first
    }

    /// Takes in whole tokens on both sides, a third of the room before and the rest after.
    private static func widen(_ core: Range<Int>, tokens: [Range<Int>]) -> Range<Int> {
        guard let first = tokens.first, let last = tokens.last else { return core }
        let room = max(0, SnippetMaker.maximumLength - core.count)
        // What one side does not need the other may have.
        let after = last.upperBound - core.upperBound
        let before = max(room / 3, room - max(0, after))
        let floor = max(first.lowerBound, core.lowerBound - before)
        let start = tokens.first { $0.lowerBound >= floor }?.lowerBound ?? core.lowerBound
        let lower = min(start, core.lowerBound)
        let ceiling = lower + max(SnippetMaker.maximumLength, core.upperBound - lower)
        let upper = tokens.last { $0.upperBound <= ceiling }?.upperBound ?? core.upperBound
        return lower..<max(upper, core.upperBound)
    }
}
