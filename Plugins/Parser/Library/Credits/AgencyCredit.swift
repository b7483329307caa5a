import BaridText

/// The agency that a text is credited to, and where its credit stands.
///
/// A credit stands by itself: in brackets or after a dash at the very end of the body, before the
/// dash or colon of a dateline, or on a line of its own. An agency that the text quotes is none.
struct AgencyCredit {
    let code: String
    let range: Range<Int>

    private init(code: String, range: Range<Int>) {
        self.code = code
        self.range = range
    }

    /// Reads a line that is nothing but a credit: `(رويترز)`, `المصدر: وكالات`, `CAIRO (Reuters)`.
    init?(line: Line, in source: SourceText) {
        guard line.words.count <= 6, !line.words.isEmpty, line.count <= 60, line.last != "." else {
            return nil
        }
        let tokens = Array(line.tokens)
        if ["المصدر", "مصدر", "source"].contains(line.words[0]), tokens.count > 2,
            [":", "-", "–"].contains(source.text[tokens[1].range])
        {
            let range = tokens[2].range.lowerBound..<line.range.upperBound
            self = Self.named(range, in: source)
            return
        }
        guard let credit = Self.dateline(line.range, in: source) else { return nil }
        // Beside the agency there is room for a place, not for a statement.
        let rest = tokens.filter {
            $0.kind != .punctuation && !credit.range.contains($0.range.lowerBound)
        }
        let isStatement = tokens.contains { token in
            token.range.upperBound < credit.range.lowerBound
                && [".", "!", "?", "؟"].contains(source.text[token.range])
        }
        guard rest.count <= 2, !isStatement else { return nil }
        self = credit
    }

    /// Cuts a credit off the end of the last paragraph, or finds it in the first one's dateline.
    ///
    /// At the end the credit is no longer part of the paragraph, whose sentence it only follows;
    /// a dateline stays, since the sentence begins with it.
    static func cut(
        from paragraphs: inout [Outline.Paragraph], in source: SourceText
    ) -> AgencyCredit? {
        if let last = paragraphs.last, let credit = atEnd(of: last.range, in: source) {
            let rest = source.trimmed(last.range.lowerBound..<credit.start)
            if rest.isEmpty {
                paragraphs.removeLast()
            } else {
                paragraphs[paragraphs.count - 1].range = rest
            }
            return credit.credit
        }
        guard let first = paragraphs.first(where: { $0.kind == .body }) else { return nil }
        guard let end = datelineEnd(first.range, in: source) else { return nil }
        return dateline(first.range.lowerBound..<end, in: source)
    }

    /// A credit by its words: known or not, they stand where only a credit does.
    private static func named(_ range: Range<Int>, in source: SourceText) -> AgencyCredit {
        let raw = source.text[range]
        return AgencyCredit(code: AgencyNames.code(of: raw) ?? raw.uppercased(), range: range)
    }

    private static let longestCredit = 60

    private static func atEnd(
        of paragraph: Range<Int>, in source: SourceText
    ) -> (credit: AgencyCredit, start: Int)? {
        let scalars = source.text.scalars
        var end = paragraph.upperBound
        while end > paragraph.lowerBound, scalars[end - 1] == "." || scalars[end - 1] == " " {
            end -= 1
        }
        let floor = max(paragraph.lowerBound, end - longestCredit)
        guard end > floor else { return nil }
        if scalars[end - 1] == ")" || scalars[end - 1] == "]" {
            return bracketed(end: end, floor: floor, source)
        }
        // "... on Monday. - واس": a dash, then an agency and nothing else.
        guard
            let dash = scalars[floor..<end].lastIndex(where: {
                $0 == "-" || $0 == "–" || $0 == "—" || $0 == "/"
            }), dash > floor
        else { return nil }
        let name = source.trimmed((dash + 1)..<end)
        guard !name.isEmpty, let code = AgencyNames.code(of: source.text[name]) else { return nil }
        return (AgencyCredit(code: code, range: name), dash)
    }

    /// One or several bracketed groups at the end: `(أ.ف.ب)-(د.ب.أ)`.
    private static func bracketed(
        end: Int, floor: Int, _ source: SourceText
    ) -> (credit: AgencyCredit, start: Int)? {
        let scalars = source.text.scalars
        var codes: [String] = []
        var start = end
        var nameStart = end
        var cursor = end
        while cursor > floor, scalars[cursor - 1] == ")" || scalars[cursor - 1] == "]",
            let open = scalars[floor..<cursor].lastIndex(where: { $0 == "(" || $0 == "[" })
        {
            let inner = source.trimmed((open + 1)..<(cursor - 1))
            guard !inner.isEmpty, let code = code(of: inner, at: open, floor, source) else { break }
            codes.insert(code, at: 0)
            start = open
            nameStart = inner.lowerBound
            cursor = open
            while cursor > floor, "-–,، /".unicodeScalars.contains(scalars[cursor - 1]) {
                cursor -= 1
            }
        }
        guard let first = codes.first else { return nil }
        return (AgencyCredit(code: first, range: source.trimmed(nameStart..<(end - 1))), start)
    }

    /// The code of bracketed words: of a known agency, of the first of several, or the words
    /// themselves where they stand by their own after the end of the last sentence.
    private static func code(
        of inner: Range<Int>, at open: Int, _ floor: Int, _ source: SourceText
    ) -> String? {
        let words = source.text[inner]
        if let code = AgencyNames.code(of: words) { return code }
        let parts = words.split(whereSeparator: { "،,/-–+".contains($0) })
        if parts.count > 1,
            let code = parts.lazy.compactMap({ AgencyNames.code(of: String($0)) }).first
        {
            return code
        }
        var before = open
        while before > floor, source.text.scalars[before - 1] == " " { before -= 1 }
        guard before > floor,
            ".!?؟”»\"".unicodeScalars.contains(source.text.scalars[before - 1])
        else { return nil }
        let tokens = source.tokens(in: inner)
        guard tokens.count <= 4, tokens.allSatisfy({ $0.kind == .word }),
            !tokens.contains(where: { endNotes.contains(source.folded($0)) })
        else { return nil }
        return words.uppercased()
    }

    /// What is bracketed at the end without being a credit: "ends", "more", "photos".
    private static let endNotes: Set<String> = [
        "يتبع", "انتهي", "صور", "صوره", "فيديو", "تحديث", "المزيد", "ends", "more", "photo",
        "photos",
        "video", "updated", "update", "end",
    ]

    /// Where a dateline ends: at the dash or colon in the first words.
    private static func datelineEnd(_ paragraph: Range<Int>, in source: SourceText) -> Int? {
        let head = paragraph.prefix(longestCredit)
        var lastMark: Int?
        for offset in head {
            switch source.text.scalars[offset] {
            case "-", "–", "—", ":", ")": lastMark = offset
            default: continue
            }
        }
        return lastMark.map { $0 + 1 }
    }

    /// The agency in a dateline: one of its few parts is an agency's name and nothing else.
    private static func dateline(_ range: Range<Int>, in source: SourceText) -> AgencyCredit? {
        var start = range.lowerBound
        for offset in range.lowerBound...range.upperBound {
            let isEnd = offset == range.upperBound
            if !isEnd, !"()[]-–—:/،,".unicodeScalars.contains(source.text.scalars[offset]) {
                continue
            }
            let part = source.trimmed(start..<offset)
            start = offset + 1
            guard !part.isEmpty else { continue }
            if let code = AgencyNames.code(of: source.text[part]) {
                return AgencyCredit(code: code, range: part)
            }
            // A part of many words is a sentence, and what it names is only quoted.
            if source.tokens(in: part).count > 4 { return nil }
        }
        return nil
    }
}
