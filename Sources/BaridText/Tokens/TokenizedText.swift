/// A text cut into tokens, together with its folded form.
public struct TokenizedText: Sendable {
    /// The text in matching form, with its map.
    public let folded: FoldedText

    /// The tokens in order; white space is between them and not among them.
    public let tokens: [Token]

    /// The inner parts of hashtags, by the token's folded start.
    let camelBreaks: Set<Int>

    /// Returns the folded text of a token, without the sign of a hashtag or mention.
    ///
    /// - Parameter token: A token of this text.
    /// - Returns: Its matching form.
    public func text(of token: Token) -> String {
        folded.string(in: nameRange(of: token))
    }

    /// Returns the words and numbers inside a token: of a hashtag the parts between underscores,
    /// humps (`#CivilDefence`) and digits, of any other token itself.
    ///
    /// - Parameter token: A token of this text.
    /// - Returns: Parts with places in the original; empty for a hashtag of underscores only.
    public func parts(of token: Token) -> [Token] {
        guard token.kind == .hashtag else { return [token] }
        let range = nameRange(of: token)
        var parts: [Token] = []
        var start = range.lowerBound
        func close(at end: Int) {
            defer { start = end }
            guard start < end else { return }
            let isNumber = ScalarClass(folded.scalars[start]) == .digit
            parts.append(
                Token(
                    kind: isNumber ? .number : .word,
                    range: folded.originalRange(for: start..<end), foldedRange: start..<end))
        }
        for index in range {
            let scalar = folded.scalars[index]
            if scalar == "_" {
                close(at: index)
                start = index + 1
            } else if index > start {
                let isDigit = ScalarClass(scalar) == .digit
                let wasDigit = ScalarClass(folded.scalars[index - 1]) == .digit
                if isDigit != wasDigit || camelBreaks.contains(index) { close(at: index) }
            }
        }
        close(at: range.upperBound)
        return parts
    }

    private func nameRange(of token: Token) -> Range<Int> {
        let range = token.foldedRange.clamped(to: 0..<folded.scalars.count)
        guard token.kind == .hashtag || token.kind == .mention, !range.isEmpty else { return range }
        return (range.lowerBound + 1)..<range.upperBound
    }
}
