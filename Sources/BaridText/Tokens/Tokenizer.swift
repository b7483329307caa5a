/// Cuts text into words, numbers, hashtags, addresses and marks.
///
/// It works on the folded text, so vowel marks, tatweel and invisible characters inside a word do
/// not cut it, and every token knows its place in the original. A word is of one script: `قناةBBC`
/// is two words, and a number after an Arabic word is a token of its own, while `g20` is one. Time
/// is linear in the text.
public enum Tokenizer {
    /// Folds and tokenizes a text.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Its tokens and its folded form.
    public static func tokenize(_ text: String) -> TokenizedText {
        tokenize(Array(text.unicodeScalars))
    }

    /// Folds and tokenizes scalars, as those of a ``ScalarText``.
    ///
    /// - Parameter scalars: The scalars of a text.
    /// - Returns: Its tokens and its folded form.
    public static func tokenize(_ scalars: [Unicode.Scalar]) -> TokenizedText {
        let folded = Folding.fold(scalars)
        var scanner = Scanner(original: scalars, folded: folded)
        scanner.run()
        return TokenizedText(
            folded: folded, tokens: scanner.tokens, camelBreaks: scanner.camelBreaks)
    }
}

/// One pass over folded scalars.
private struct Scanner {
    let original: [Unicode.Scalar]
    let folded: FoldedText
    let scalars: [Unicode.Scalar]
    var tokens: [Token] = []
    var camelBreaks: Set<Int> = []
    private var at = 0

    /// The longest local part of an e-mail address, and so the longest look ahead for one.
    private static let longestLocalPart = 64

    init(original: [Unicode.Scalar], folded: FoldedText) {
        self.original = original
        self.folded = folded
        self.scalars = folded.scalars
        tokens.reserveCapacity(scalars.count / 5)
    }

    mutating func run() {
        while at < scalars.count {
            let kind = ScalarClass(scalars[at])
            switch kind {
            case .space:
                at += 1
            case .arabic, .otherLetter:
                emit(.word, to: wordEnd(from: at, script: kind))
            case .latin:
                if let end = urlEnd() {
                    emit(.url, to: end)
                } else if let end = emailEnd() {
                    emit(.email, to: end)
                } else {
                    emit(.word, to: wordEnd(from: at, script: .latin))
                }
            case .digit:
                emitNumber()
            case .punctuation:
                emitMark()
            case .symbol:
                emit(.symbol, to: at + 1)
            }
        }
    }

    private mutating func emit(_ kind: Token.Kind, to end: Int) {
        let end = max(end, at + 1)
        tokens.append(
            Token(kind: kind, range: folded.originalRange(for: at..<end), foldedRange: at..<end))
        at = end
    }

    private func kind(at index: Int) -> ScalarClass {
        index >= 0 && index < scalars.count ? ScalarClass(scalars[index]) : .space
    }

    private func isASCIIName(_ index: Int) -> Bool {
        guard index >= 0, index < scalars.count else { return false }
        switch scalars[index] {
        case "a"..."z", "0"..."9", "_": return true
        default: return false
        }
    }

    /// The end of a word of one script: digits may follow Latin letters, an apostrophe or the
    /// point of an abbreviation may stand between letters.
    private func wordEnd(from start: Int, script: ScalarClass) -> Int {
        var index = start
        var runStart = start
        while index < scalars.count {
            let next = ScalarClass(scalars[index])
            if next == script || (next == .digit && script == .latin) {
                index += 1
            } else if kind(at: index + 1) == script,
                scalars[index] == "'" && script != .arabic && index > runStart
                    || scalars[index] == "." && index - runStart == 1
                        && kind(at: index + 2) != script
            {
                index += 1
                runStart = index
            } else {
                break
            }
        }
        return index
    }

    private mutating func emitNumber() {
        var index = at
        while index < scalars.count {
            if ScalarClass(scalars[index]) == .digit {
                index += 1
            } else if scalars[index] == "." || scalars[index] == ",",
                kind(at: index + 1) == .digit
            {
                index += 1
            } else {
                break
            }
        }
        if let end = emailEnd() {
            emit(.email, to: end)
        } else if kind(at: index) == .latin {
            emit(.word, to: wordEnd(from: index, script: .latin))
        } else {
            emit(.number, to: index)
        }
    }

    private mutating func emitMark() {
        let before = kind(at: at - 1)
        if scalars[at] == "#", before != .latin, before != .digit, let end = hashtagEnd() {
            noteHumps(in: (at + 1)..<end)
            emit(.hashtag, to: end)
        } else if scalars[at] == "@", !before.isLetter, before != .digit, isASCIIName(at + 1) {
            var end = at + 1
            while isASCIIName(end) { end += 1 }
            emit(.mention, to: end)
        } else {
            emit(.punctuation, to: at + 1)
        }
    }

    /// The end of a name after `#`; nil unless a letter is in it.
    private func hashtagEnd() -> Int? {
        var index = at + 1
        var hasLetter = false
        while index < scalars.count {
            let kind = ScalarClass(scalars[index])
            if kind.isLetter {
                hasLetter = true
            } else if kind != .digit && scalars[index] != "_" {
                break
            }
            index += 1
        }
        return hasLetter ? index : nil
    }

    /// Notes where a capital follows a small letter in the original, or the script changes.
    private mutating func noteHumps(in range: Range<Int>) {
        var before: Unicode.Scalar?
        for index in range {
            let place = folded.originalRange(for: index..<(index + 1)).lowerBound
            guard place < original.count else { return }
            let scalar = original[place]
            if let before {
                let isHump = before.properties.isLowercase && scalar.properties.isUppercase
                let old = kind(at: index - 1)
                let new = kind(at: index)
                let changesScript = old.isLetter && new.isLetter && old != new
                if isHump || changesScript { camelBreaks.insert(index) }
            }
            before = scalar
        }
    }

    private func starts(with prefix: StaticString, at index: Int) -> Bool {
        guard index + prefix.utf8CodeUnitCount <= scalars.count else { return false }
        return prefix.withUTF8Buffer { bytes in
            for (offset, byte) in bytes.enumerated()
            where scalars[index + offset].value != UInt32(byte) {
                return false
            }
            return true
        }
    }

    /// The end of an address that starts here with its scheme or `www.`.
    private func urlEnd() -> Int? {
        guard
            scalars[at] == "h"
                && (starts(with: "http://", at: at) || starts(with: "https://", at: at))
                || scalars[at] == "w" && starts(with: "www.", at: at)
        else { return nil }
        var end = at
        scan: while end < scalars.count {
            switch scalars[end] {
            case "\"", "<", ">", "«", "»", "“", "”", "،", "؛": break scan
            case let scalar where ScalarClass(scalar) == .space: break scan
            default: end += 1
            }
        }
        trim: while end > at {
            switch scalars[end - 1] {
            case ".", ",", ";", ":", "!", "?", "؟", "'", ")", "]", "}", "…": end -= 1
            default: break trim
            }
        }
        return end
    }

    /// The end of an e-mail address that starts here.
    private func emailEnd() -> Int? {
        var index = at
        let limit = min(scalars.count, at + Self.longestLocalPart)
        local: while index < limit {
            switch scalars[index] {
            case "a"..."z", "0"..."9", ".", "_", "%", "+", "-": index += 1
            default: break local
            }
        }
        guard index > at, index < scalars.count, scalars[index] == "@" else { return nil }
        let domain = index + 1
        var end = domain
        var hasPoint = false
        let domainLimit = min(scalars.count, domain + 255)
        domain: while end < domainLimit {
            switch scalars[end] {
            case "a"..."z", "0"..."9", "-": end += 1
            case "." where end > domain && isASCIIName(end + 1):
                hasPoint = true
                end += 1
            default: break domain
            }
        }
        return hasPoint ? end : nil
    }
}
