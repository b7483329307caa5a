import BaridText

/// One line that has something in it, with its words in matching form.
struct Line: Sendable {
    /// Its place, without white space at the edges.
    let range: Range<Int>
    /// Whether an empty line, or the beginning, stands before it.
    let startsBlock: Bool
    /// Its words, numbers and hashtag names; of a very long line only the first ones.
    let words: [String]
    /// Its tokens, as many as ``words`` were made from.
    let tokens: ArraySlice<Token>
    /// Its last scalar.
    let last: Unicode.Scalar

    var count: Int { range.count }

    /// No line that is more than words about the page is longer than this many tokens.
    private static let mostTokens = 80

    init(_ range: Range<Int>, startsBlock: Bool, in source: SourceText) {
        self.range = range
        self.startsBlock = startsBlock
        tokens = source.tokens(in: range).prefix(Self.mostTokens)
        words = tokens.filter { $0.kind != .punctuation && $0.kind != .symbol }
            .map { source.folded($0) }
        last = range.isEmpty ? " " : source.text.scalars[range.upperBound - 1]
    }

    /// The lines of a part of a text.
    static func lines(of source: SourceText, in part: Range<Int>) -> [Line] {
        var lines: [Line] = []
        var startsBlock = true
        var start = part.lowerBound
        func close(at end: Int) {
            let range = source.trimmed(start..<end)
            if range.isEmpty {
                // The second half of a CR LF is no empty line.
                let isLineFeedOfPair =
                    start == end && start > part.lowerBound && end < part.upperBound
                    && source.text.scalars[start - 1] == "\r" && source.text.scalars[end] == "\n"
                if !isLineFeedOfPair { startsBlock = true }
            } else {
                lines.append(Line(range, startsBlock: startsBlock, in: source))
                startsBlock = false
            }
        }
        for offset in part {
            switch source.text.scalars[offset].value {
            case 0x0A...0x0D, 0x85, 0x2028, 0x2029:
                close(at: offset)
                start = offset + 1
            default:
                continue
            }
        }
        close(at: part.upperBound)
        return lines
    }

    /// Whether it ends as a sentence does.
    var endsSentence: Bool {
        switch last {
        case ".", "!", "?", "؟", "…", "”", "»", "\"", "۔", "。": true
        default: false
        }
    }

    /// Whether words follow one another in it; a word may carry و or ف before it.
    func has(_ phrase: [String]) -> Bool { place(of: phrase) != nil }

    /// Where words follow one another in it, as an index of ``words``.
    func place(of phrase: [String], from start: Int = 0) -> Int? {
        guard let first = phrase.first, start >= 0 else { return nil }
        var index = start
        while index + phrase.count <= words.count {
            if Self.matches(words[index], first),
                zip(words[index...], phrase).dropFirst().allSatisfy({ $0 == $1 })
            {
                return index
            }
            index += 1
        }
        return nil
    }

    /// Whether one of several phrases, written with spaces, is in it.
    func hasAny(_ phrases: [[String]]) -> Bool { phrases.contains { has($0) } }

    /// Whether it begins with one of several phrases.
    func begins(_ phrases: [[String]]) -> Bool {
        phrases.contains { phrase in
            words.count >= phrase.count && place(of: phrase) == 0
        }
    }

    private static func matches(_ word: String, _ wanted: String) -> Bool {
        if word == wanted { return true }
        guard word.hasPrefix("و") || word.hasPrefix("ف") else { return false }
        return word.dropFirst() == wanted
    }
}

/// Makes phrases of lines of text, one a line, folded.
func phrases(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { line in
        Folding.key(String(line)).split(separator: " ").map(String.init)
    }
}
