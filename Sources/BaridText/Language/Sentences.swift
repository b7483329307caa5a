/// Cuts text into sentences.
///
/// A sentence ends at `.`, `!`, `?`, `؟`, `…` or `。` before white space or the end, at a line
/// break, and at a point glued between two Arabic words. It does not end inside a quotation that
/// closes in the same line, after an abbreviation or initial, or in a number.
public enum Sentences {
    /// Returns the sentences of a text.
    ///
    /// - Parameter scalars: The scalars of a text.
    /// - Returns: Ranges without white space at the edges, in order, none empty.
    public static func split(_ scalars: [Unicode.Scalar]) -> [Range<Int>] {
        split(scalars, in: 0..<scalars.count)
    }

    /// Returns the sentences of a part of a text.
    ///
    /// - Parameters:
    ///   - scalars: The scalars of a text.
    ///   - part: The offsets to look at, cut to the text.
    /// - Returns: Ranges in the whole text, without white space at the edges, none empty.
    public static func split(_ scalars: [Unicode.Scalar], in part: Range<Int>) -> [Range<Int>] {
        let part = part.clamped(to: 0..<scalars.count)
        var sentences: [Range<Int>] = []
        var lineStart = part.lowerBound
        while lineStart < part.upperBound {
            let lineEnd =
                scalars[lineStart..<part.upperBound].firstIndex(where: isLineBreak)
                ?? part.upperBound
            splitLine(scalars, lineStart..<lineEnd, into: &sentences)
            lineStart = lineEnd + 1
        }
        return sentences
    }

    private static func splitLine(
        _ scalars: [Unicode.Scalar], _ line: Range<Int>, into sentences: inout [Range<Int>]
    ) {
        let quoteEnds = Quotation.spans(scalars, in: line)
        var nextQuote = 0
        var start = line.lowerBound
        var index = line.lowerBound
        while index < line.upperBound {
            while nextQuote < quoteEnds.count, quoteEnds[nextQuote].upperBound <= index {
                nextQuote += 1
            }
            if nextQuote < quoteEnds.count, quoteEnds[nextQuote].lowerBound == index {
                let quote = quoteEnds[nextQuote]
                // "He left." She stayed: a quotation that ends as a sentence does and stands alone.
                index = quote.upperBound
                let last = quote.upperBound - 2
                if last > quote.lowerBound, isTerminator(scalars[last]),
                    index < line.upperBound, isSpace(scalars[index]),
                    startsSentence(scalars, from: index, in: line)
                {
                    append(scalars, start..<index, to: &sentences)
                    start = index
                }
                continue
            }
            guard isTerminator(scalars[index]) else {
                index += 1
                continue
            }
            let point = index
            while index < line.upperBound, isTerminator(scalars[index]) || isCloser(scalars[index])
            {
                index += 1
            }
            if ends(scalars, at: point, next: index, sentence: start, line: line) {
                append(scalars, start..<index, to: &sentences)
                start = index
            }
        }
        append(scalars, start..<line.upperBound, to: &sentences)
    }

    private static func ends(
        _ scalars: [Unicode.Scalar], at point: Int, next: Int, sentence: Int, line: Range<Int>
    ) -> Bool {
        guard next < line.upperBound else { return true }
        let isPoint = scalars[point] == "." && next == point + 1
        let word = wordBefore(scalars, point, notBefore: max(sentence, point - 16))
        if !isSpace(scalars[next]) {
            guard isPoint, word.count >= 3, next + 1 < line.upperBound else { return false }
            return isArabic(scalars[point - 1]) && isArabic(scalars[next])
                && isArabic(scalars[next + 1])
        }
        guard isPoint else { return true }
        if word.count <= 1 || isAbbreviation(scalars[word]) {
            // An initial or abbreviation; a single Arabic letter or digit before the point too.
            let isNumber = word.first.map { scalars[$0].properties.numericType != nil } ?? false
            return word.isEmpty || isNumber && point - sentence > 3
        }
        return startsSentence(scalars, from: next, in: line)
    }

    /// Whether what follows can begin a sentence: not a small Latin letter.
    private static func startsSentence(
        _ scalars: [Unicode.Scalar], from index: Int, in line: Range<Int>
    ) -> Bool {
        var index = index
        while index < line.upperBound, isSpace(scalars[index]) { index += 1 }
        guard index < line.upperBound else { return true }
        return !scalars[index].properties.isLowercase
    }

    private static func wordBefore(
        _ scalars: [Unicode.Scalar], _ point: Int, notBefore limit: Int
    ) -> Range<Int> {
        var start = point
        while start > limit,
            scalars[start - 1].properties.isAlphabetic
                || scalars[start - 1].properties.numericType != nil
        {
            start -= 1
        }
        return start..<point
    }

    private static func isAbbreviation(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
        abbreviations.contains(Folding.key(String(scalars: word)))
    }

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "col", "lt", "sgt", "capt", "rep",
        "sen", "gov", "vs", "etc", "inc", "ltd", "co", "corp", "jan", "feb", "mar", "apr",
        "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mme", "mlle", "bzw", "ca", "nr",
        "اد", "ص", "هـ",
    ]

    private static func append(
        _ scalars: [Unicode.Scalar], _ range: Range<Int>, to sentences: inout [Range<Int>]
    ) {
        var range = range
        while let first = range.first, isSpace(scalars[first]) {
            range = (first + 1)..<range.upperBound
        }
        while let last = range.last, isSpace(scalars[last]) { range = range.lowerBound..<last }
        if !range.isEmpty { sentences.append(range) }
    }

    private static func isTerminator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ".", "!", "?", "؟", "…", "。", "۔", "！", "？": true
        default: false
        }
    }

    private static func isCloser(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "”", "»", "’", ")", "]", "\"": true
        default: false
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar.properties.isWhitespace
    }

    private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func isArabic(_ scalar: Unicode.Scalar) -> Bool {
        (0x621...0x64A).contains(scalar.value)
    }
}
