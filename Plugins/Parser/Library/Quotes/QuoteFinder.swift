import BaridArticles
import BaridText

/// Finds what is quoted and who says it.
///
/// Words in quotation marks are a quote when a verb of speech introduces or follows them, or when
/// they are many; a title or a word set off is none. A sentence that names nobody (`وأضاف “…”`,
/// `she added`) goes on with the last speaker, for three paragraphs at most.
enum QuoteFinder {
    /// Finds the quotes of a body.
    ///
    /// - Parameters:
    ///   - paragraphs: The places of the paragraphs, in order.
    ///   - source: The text.
    /// - Returns: Quotes in order, with the index of their paragraph.
    static func quotes(in paragraphs: [Range<Int>], of source: SourceText) -> [ArticleQuote] {
        var scanner = QuoteScanner(source: source)
        for (index, range) in paragraphs.enumerated() { scanner.read(range, paragraph: index) }
        return scanner.quotes
    }
}

/// Reads paragraph after paragraph, and remembers who spoke last.
private struct QuoteScanner {
    let source: SourceText
    var quotes: [ArticleQuote] = []
    private var lastSpeaker: (place: Range<Int>, paragraph: Int)?

    /// How many paragraphs a speaker goes on without being named.
    private static let reach = 3
    /// Words that make a quote without a verb of speech.
    private static let longQuote = 8
    /// Words that are a title or a word set off, unless the verb stands right at them.
    private static let longestAside = 3

    init(source: SourceText) { self.source = source }

    mutating func read(_ range: Range<Int>, paragraph: Int) {
        let marks = Quotation.spans(source.text.scalars, in: range)
        var next = 0
        for sentence in Sentences.split(source.text.scalars, in: range) {
            var inside: [Range<Int>] = []
            while next < marks.count, marks[next].lowerBound < sentence.upperBound {
                if marks[next].lowerBound >= sentence.lowerBound { inside.append(marks[next]) }
                next += 1
            }
            read(sentence: sentence, marks: inside, paragraph: paragraph)
        }
    }

    private mutating func read(sentence: Range<Int>, marks: [Range<Int>], paragraph: Int) {
        let reader = SubjectReader(source: source, tokens: source.tokens(in: sentence))
        var cursor = reader.tokens.startIndex
        for (index, mark) in marks.enumerated() {
            let open = firstToken(from: mark.lowerBound, in: reader.tokens, after: cursor)
            let close = firstToken(from: mark.upperBound, in: reader.tokens, after: open)
            let words = reader.tokens[open..<close].count { $0.kind != .punctuation }
            let end =
                index + 1 < marks.count
                ? firstToken(from: marks[index + 1].lowerBound, in: reader.tokens, after: close)
                : reader.tokens.endIndex
            let before = introduction(reader, cursor..<open, paragraph)
            let after = before == nil ? attribution(reader, close..<end, paragraph) : nil
            let isWhole =
                open == reader.tokens.startIndex && endsSentence(after: close, reader)
            let found = before ?? after ?? (isWhole ? continuation(paragraph) : nil)
            cursor = close
            guard isQuote(words: words, found, from: open, to: close, reader) else { continue }
            add(mark, found, paragraph)
        }
        // Who speaks without quotation marks may be quoted in the next sentence.
        if cursor < reader.tokens.endIndex {
            _ = introduction(reader, cursor..<reader.tokens.endIndex, paragraph)
        }
    }

    /// A quotation that is a sentence of its own goes on with who has just been quoted.
    private func continuation(_ paragraph: Int) -> Attribution? {
        guard let lastSpeaker, let last = quotes.last, last.hasSpeaker,
            paragraph - Int(last.paragraph) <= 1, paragraph - lastSpeaker.paragraph <= 1
        else { return nil }
        return Attribution(speaker: nil, isAdjacent: true)
    }

    /// Whether marked words are somebody's words rather than a name or a word set off.
    private func isQuote(
        words: Int, _ found: Attribution?, from open: Int, to close: Int, _ reader: SubjectReader
    ) -> Bool {
        guard words > 0 else { return false }
        if words >= Self.longQuote { return true }
        guard let found, !Words.isNamed(reader.word(open - 1)) else { return false }
        if words > Self.longestAside { return true }
        guard found.isAdjacent || found.isDirect && endsSentence(after: close, reader) else {
            return false
        }
        // One word after a name is its by-name: `قال رئيس نادي “النسور”`.
        guard words == 1 else { return true }
        return open == reader.tokens.startIndex || reader.text(open - 1) == ":"
            || SpeechVerbs.role(of: reader.word(open - 1)) != nil
    }

    private func endsSentence(after close: Int, _ reader: SubjectReader) -> Bool {
        var index = close
        while index < reader.tokens.endIndex {
            guard reader.tokens[index].kind == .punctuation, index < close + 3 else { return false }
            index += 1
        }
        return true
    }

    private mutating func add(_ mark: Range<Int>, _ found: Attribution?, _ paragraph: Int) {
        var quote = ArticleQuote()
        quote.text = source.piece(source.trimmed((mark.lowerBound + 1)..<(mark.upperBound - 1)))
        guard !quote.text.text.isEmpty else { return }
        quote.paragraph = UInt32(clamping: paragraph)
        if let speaker = found?.speaker {
            quote.speaker = source.piece(speaker)
            quote.speakerBasis = .named
        } else if let found, !found.hasVagueSubject, let last = lastSpeaker,
            paragraph - last.paragraph <= Self.reach
        {
            quote.speaker = source.piece(last.place)
            quote.speakerBasis = .carriedOver
            // Each further quote lets the speaker go on.
            lastSpeaker = (last.place, paragraph)
        }
        quotes.append(quote)
    }

    /// A verb of speech near a quote, with its subject when one is named.
    private struct Attribution {
        var speaker: Range<Int>?
        /// Whether the quote stands right at the verb or its subject.
        var isAdjacent: Bool
        /// Whether no "that" between them makes it a report in other words.
        var isDirect = true
        /// Whether somebody unnamed is the subject: "some of those present said".
        var hasVagueSubject = false
    }

    /// The last verb of speech before a quote; notes its subject as the last speaker.
    private mutating func introduction(
        _ reader: SubjectReader, _ range: Range<Int>, _ paragraph: Int
    ) -> Attribution? {
        for index in range.reversed() where reader.tokens[index].kind == .word {
            guard let role = SpeechVerbs.role(of: reader.word(index)) else { continue }
            let start = reader.tokens.startIndex
            var speaker: Range<Int>?
            switch role {
            case .verb where reader.isLatin(index):
                speaker =
                    reader.latinName(endingBefore: index, notBefore: start)
                    ?? reader.latinName(from: index + 1, to: range.upperBound)
            case .verb:
                speaker = reader.subject(from: index + 1, to: range.upperBound)
                // "وصل سامي حداد وقال": the verb's subject is the sentence's.
                if speaker == nil, index > start, range.lowerBound == start {
                    speaker = reader.sentenceSubject(from: start, to: index)
                }
            case .participle:
                speaker = reader.sentenceSubject(from: start, to: index)
            case .noun:
                speaker = reader.subject(endingBefore: index, notBefore: start)
            case .preposition:
                let next = reader.word(index + 1) == "to" ? index + 2 : index + 1
                speaker = reader.subject(from: next, to: range.upperBound)
            }
            if let speaker { lastSpeaker = (speaker, paragraph) }
            return Attribution(
                speaker: speaker, isAdjacent: isAdjacent(index, speaker, range.upperBound, reader),
                isDirect: !(index..<range.upperBound).contains {
                    Words.reports.contains(reader.word($0))
                }, hasVagueSubject: Words.quantities.contains(reader.word(index + 1)))
        }
        // "سامي حداد: “..."
        if let last = range.last, reader.text(last) == ":" {
            return Attribution(speaker: nil, isAdjacent: true)
        }
        return nil
    }

    /// Whether only the subject, a colon or "that" stands between a verb and the quote.
    private func isAdjacent(
        _ verb: Int, _ speaker: Range<Int>?, _ open: Int, _ reader: SubjectReader
    ) -> Bool {
        var index = verb + 1
        while index < open {
            let token = reader.tokens[index]
            let isSubject = speaker.map { $0.contains(token.range.upperBound - 1) } ?? false
            guard isSubject || Words.openers.contains(reader.text(index)) else { return false }
            index += 1
        }
        return true
    }

    /// A verb of speech right after a quote: `“...”, said Jane Doe`, `“...” بحسب الوزير`.
    private mutating func attribution(
        _ reader: SubjectReader, _ range: Range<Int>, _ paragraph: Int
    ) -> Attribution? {
        var index = range.lowerBound
        while index < range.upperBound, [",", "،", ".", "-", "–"].contains(reader.text(index)) {
            index += 1
        }
        let limit = min(range.upperBound, index + 8)
        for verb in index..<max(index, limit) where reader.tokens[verb].kind == .word {
            guard let role = SpeechVerbs.role(of: reader.word(verb)) else { continue }
            var speaker: Range<Int>?
            if reader.isLatin(verb) {
                let next = role == .preposition ? verb + 2 : verb + 1
                speaker =
                    reader.latinName(endingBefore: verb, notBefore: index)
                    ?? reader.latinName(from: next, to: range.upperBound)
            } else if verb == index || reader.word(index) == "كما" || role == .preposition {
                let addressed = reader.word(verb + 1) == "ل" ? verb + 2 : verb + 1
                speaker = reader.subject(from: addressed, to: range.upperBound)
            } else {
                // A later Arabic verb begins the next statement.
                return nil
            }
            if let speaker { lastSpeaker = (speaker, paragraph) }
            return Attribution(speaker: speaker, isAdjacent: true)
        }
        return nil
    }

    private func firstToken(
        from offset: Int, in tokens: ArraySlice<Token>, after start: Int
    ) -> Int {
        var index = start
        while index < tokens.endIndex, tokens[index].range.lowerBound < offset { index += 1 }
        return index
    }
}
