/// Finds quotations by their marks.
public enum Quotation {
    /// Returns the outermost quotations that open and close in a part of a text.
    ///
    /// The pairs are “…”, «…», „…“, ”…“ (as typed in right-to-left text), ‹…› and "…". A mark that
    /// is not closed in the part opens nothing; an inch sign after a digit is no mark.
    ///
    /// - Parameters:
    ///   - scalars: The scalars of a text.
    ///   - part: The offsets to look at, cut to the text.
    /// - Returns: Ranges with their marks, in order, not overlapping.
    public static func spans(
        _ scalars: [Unicode.Scalar], in part: Range<Int>
    ) -> [Range<Int>] {
        let part = part.clamped(to: 0..<scalars.count)
        // For each mark the places where it stands, so that a close is found without a new walk.
        var places: [Unicode.Scalar: [Int]] = [:]
        for index in part where isMark(scalars[index]) {
            if scalars[index] == "\"", index > part.lowerBound, index + 1 < scalars.count,
                isDigit(scalars[index - 1]), isDigit(scalars[index + 1])
            {
                continue
            }
            places[scalars[index], default: []].append(index)
        }
        guard !places.isEmpty else { return [] }
        var next: [Unicode.Scalar: Int] = [:]
        var spans: [Range<Int>] = []
        var index = part.lowerBound
        while index < part.upperBound {
            defer { index += 1 }
            let mark = scalars[index]
            guard isMark(mark), let closers = closers(of: mark) else { continue }
            if index > part.lowerBound, opensNothing(scalars, index) { continue }
            var end: Int?
            for closer in closers {
                guard let found = places[closer] else { continue }
                var at = next[closer, default: 0]
                while at < found.count, found[at] <= index { at += 1 }
                next[closer] = at
                if at < found.count { end = min(end ?? Int.max, found[at]) }
            }
            // A straight mark before a word opens: the one before it was never closed.
            guard let end, mark != "\"" || !opensOnly(scalars, end, in: part) else { continue }
            spans.append(index..<(end + 1))
            index = end
        }
        return spans
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "“", "”", "„", "«", "»", "‹", "›", "＂": true
        default: false
        }
    }

    private static func closers(of mark: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch mark {
        case "\"": ["\""]
        case "＂": ["＂"]
        case "“": ["”", "“"]
        case "”": ["“", "”"]
        case "„": ["“", "”"]
        case "«": ["»"]
        case "»": ["«"]
        case "‹": ["›"]
        default: nil
        }
    }

    /// Whether a mark is an inch sign between digits, or a closing mark that lost its opening one.
    private static func opensNothing(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        guard index >= 1, index + 1 < scalars.count else { return index > 0 }
        let before = scalars[index - 1]
        let after = scalars[index + 1]
        switch scalars[index] {
        case "”", "»", "›":
            return !before.properties.isWhitespace || after.properties.isWhitespace
        case "\"":
            if isDigit(before), isDigit(after) { return true }
            return !before.properties.isWhitespace && !isOpening(before)
                && (after.properties.isWhitespace || isPunctuation(after))
        default:
            return false
        }
    }

    /// Whether a straight mark stands between white space and a letter.
    private static func opensOnly(
        _ scalars: [Unicode.Scalar], _ index: Int, in part: Range<Int>
    ) -> Bool {
        guard index > part.lowerBound, index + 1 < part.upperBound else { return false }
        return scalars[index - 1].properties.isWhitespace
            && !scalars[index + 1].properties.isWhitespace
            && !isPunctuation(scalars[index + 1])
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        (0x30...0x39).contains(scalar.value)
    }

    private static func isOpening(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .openPunctuation, .initialPunctuation: true
        default: false
        }
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ".", ",", ";", ":", "!", "?", "،", "؛", "؟", ")", "]", "…", "-", "–": true
        default: false
        }
    }
}
