internal import BaridText

/// A text as moderation reads it: words with all the forms a term may hide in.
struct ModeratedText: Sendable {
    struct Word: Sendable {
        /// The folded word.
        let text: String
        /// The ways to read it: clitics and article off, stretched letters drawn together.
        let forms: [String]
        /// The folded word, stretched letters drawn together.
        let squeezed: String
        /// Where it stands, in scalars of the whole text.
        let range: Range<Int>
        /// Its place in the sentence, the first is 0.
        let place: Int
        /// Whether it stands between quotation marks.
        let isQuoted: Bool
    }

    /// Words in order, marks left out.
    private(set) var words: [Word] = []

    /// Web addresses and phone numbers in the text.
    private(set) var addresses: [Range<Int>] = []
    private(set) var phoneNumbers: [Range<Int>] = []

    /// Whether the text came from the parts of an article rather than from a reader.
    let scalars: [Unicode.Scalar]

    /// Reads parts of a text.
    ///
    /// - Parameters:
    ///   - scalars: The whole text that ranges count in.
    ///   - parts: What to read of it; cut to it.
    init(_ scalars: [Unicode.Scalar], parts: [Range<Int>]) {
        self.scalars = scalars
        for part in parts { read(part.clamped(to: 0..<scalars.count)) }
    }

    /// Returns the original text of a range.
    func text(in range: Range<Int>) -> String { String(scalars: scalars, in: range) }

    private mutating func read(_ part: Range<Int>) {
        let tokenized = Tokenizer.tokenize(Array(scalars[part]))
        let tokens = tokenized.tokens
        var place = 0
        var quoteDepth = 0
        var index = 0
        while index < tokens.count {
            defer { index += 1 }
            let token = tokens[index]
            let range = token.range.shifted(by: part.lowerBound)
            switch token.kind {
            case .url, .email:
                addresses.append(range)
            case .number:
                if token.foldedRange.count >= 9 { phoneNumbers.append(range) }
                place += 1
            case .mention:
                place += 1
            case .symbol:
                break
            case .punctuation:
                switch tokenized.text(of: token) {
                case "“", "«", "„": quoteDepth = 1
                case "”", "»": quoteDepth = 0
                case "\"": quoteDepth = 1 - quoteDepth
                case ".", "!", "?", "؟", "\n": place = 0
                default: break
                }
            case .word, .hashtag:
                guard let end = spelledOut(from: index, tokens) else {
                    for piece in tokenized.parts(of: token) {
                        append(
                            tokenized.folded.string(in: piece.foldedRange),
                            piece.range.shifted(by: part.lowerBound), place, quoteDepth > 0)
                        place += 1
                    }
                    continue
                }
                let last = tokens[end - 1]
                let text = tokens[index..<end].map { tokenized.text(of: $0) }.joined()
                append(
                    text, range.lowerBound..<(last.range.upperBound + part.lowerBound), place,
                    quoteDepth > 0)
                index = end - 1
                place += 1
            }
        }
    }

    /// The end of a word spelled letter by letter (`ك ل م ة`, `k.a.l`); nil when it is none.
    private func spelledOut(from start: Int, _ tokens: [Token]) -> Int? {
        guard tokens[start].foldedRange.count == 1 else { return nil }
        var end = start + 1
        var letters = 1
        var lastLetter = start
        while end < tokens.count, letters < 24 {
            let token = tokens[end]
            if token.kind == .word, token.foldedRange.count == 1 {
                letters += 1
                lastLetter = end
            } else if token.kind != .punctuation || end > lastLetter + 1 {
                break
            }
            end += 1
        }
        return letters >= 3 ? lastLetter + 1 : nil
    }

    private mutating func append(
        _ text: String, _ range: Range<Int>, _ place: Int, _ isQuoted: Bool
    ) {
        // A mark between the letters of a spelled word is not part of it.
        let text = String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0.properties.isAlphabetic || $0.value < 0x80 }))
        guard !text.isEmpty else { return }
        words.append(
            Word(
                text: text, forms: Self.forms(of: text),
                squeezed: Self.squeezed(text).last ?? text, range: range,
                place: place,
                isQuoted: isQuoted))
    }

    /// Longer words are read neither as clitics nor as terms: no term is half as long.
    private static let longestWord = 48

    /// The word, and what is left without clitics; each also with stretched letters drawn together.
    static func forms(of text: String) -> [String] {
        var forms: [String] = []
        func add(_ form: String) {
            if !forms.contains(form) { forms.append(form) }
        }
        for squeezed in squeezed(text) where squeezed.unicodeScalars.count <= longestWord {
            add(squeezed)
            for reading in Clitics.readings(of: squeezed) where reading.stem.utf8.count >= 3 {
                add(reading.stem)
            }
        }
        return forms
    }

    /// The word, and with runs of three and more of a letter cut to two and to one.
    private static func squeezed(_ text: String) -> [String] {
        var two = String.UnicodeScalarView()
        var one = String.UnicodeScalarView()
        var isStretched = false
        let scalars = Array(text.unicodeScalars)
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, scalars[end] == scalars[start] { end += 1 }
            let isRun = end - start >= 3
            isStretched = isStretched || isRun
            two.append(contentsOf: scalars[start..<(isRun ? start + 2 : end)])
            one.append(contentsOf: scalars[start..<(isRun ? start + 1 : end)])
            start = end
        }
        return isStretched ? [text, String(two), String(one)] : [text]
    }
}

extension Range<Int> {
    /// The range moved by an offset.
    func shifted(by offset: Int) -> Range<Int> {
        (lowerBound + offset)..<(upperBound + offset)
    }
}
