import BaridText

/// Reads the name of a speaker from the words around a verb of speech.
///
/// In `قال وزير النقل سامي حداد للصحافيين` the office is passed over and the name taken, up to the
/// first word that cannot be of it; in `قال المتحدث باسم الوزارة` there is only the office. No
/// dictionary of names is needed: a name ends where a particle, a verb or an office begins.
struct SubjectReader {
    let source: SourceText
    let tokens: ArraySlice<Token>

    /// The longest name, in words.
    private static let longestName = 5
    private static let longestOffice = 12

    /// Reads the subject that begins at a token.
    ///
    /// - Parameters:
    ///   - start: The index of the first token that may be of it.
    ///   - end: The index to stop at.
    ///   - longest: The most words a name has here.
    /// - Returns: The place of the name, else of the office; nil when there is neither.
    func subject(from start: Int, to end: Int, longest: Int = longestName) -> Range<Int>? {
        guard start < end, start >= tokens.startIndex, end <= tokens.endIndex else { return nil }
        if isLatin(start) { return latinName(from: start, to: end) }
        var office: Range<Int>?
        var index = start
        // Whether a noun is still to come that belongs to the office: "وزير" -> "الخارجية".
        var needsComplement = Words.isInstitution(word(start))
        let isBody = needsComplement
        while index < end, index - start < Self.longestOffice, isWordLike(index) {
            let word = source.folded(tokens[index])
            if isStop(word) && !Words.officeParticles.contains(word) { break }
            let isOffice = Words.isOffice(word)
            let isDefinite = word.hasPrefix("ال") && word.count > 3
            // "عمدة نسيمة": an office without article takes the next noun, whatever it is.
            guard
                isOffice || isDefinite || needsComplement
                    || Words.officeParticles.contains(word) && office != nil
            else { break }
            needsComplement =
                (isOffice && !isDefinite) || Words.officeParticles.contains(word)
                || Words.isInstitution(word)
            office = (office?.lowerBound ?? index)..<(index + 1)
            index += 1
        }
        var name: Range<Int>?
        while index < end, isWordLike(index) {
            let word = source.folded(tokens[index])
            if isStop(word) || Words.isOffice(word) { break }
            let isJoined = index > start && Words.nameJoints.contains(self.word(index - 1))
            if let name, name.count >= longest, !isJoined { break }
            name = (name?.lowerBound ?? index)..<(index + 1)
            index += 1
        }
        // "شركة نسيم": a body is named by all of it, an office only stands before a name.
        if isBody, let office, let name { return place(office.lowerBound..<name.upperBound) }
        return (name ?? office).map(place)
    }

    /// The subject that ends before a token, of a nominal sentence or after `عن`.
    func subject(endingBefore end: Int, notBefore start: Int) -> Range<Int>? {
        let floor = max(start, end - Self.longestOffice - Self.longestName)
        guard floor < end, let about = (floor..<end).last(where: { word($0) == "عن" }) else {
            return nil
        }
        return subject(from: about + 1, to: end)
    }

    /// The subject of the sentence that begins at a token: after its verb, or at its beginning
    /// when that is an office or definite.
    func sentenceSubject(from start: Int, to end: Int) -> Range<Int>? {
        guard start < end, isWordLike(start) else { return nil }
        let first = word(start)
        if isLatin(start) { return latinName(from: start, to: end) }
        if Words.isOffice(first) || Words.isInstitution(first) || first.hasPrefix("ال") {
            return subject(from: start, to: end)
        }
        guard !isStop(first), tokens[start].kind == .word else { return nil }
        // What the verb does to whom follows the name without a mark between them.
        return subject(from: start + 1, to: end, longest: 2)
    }

    /// The capitalised words right before or after a place: `Jane Doe said`, `said Jane Doe`.
    func latinName(from start: Int, to end: Int) -> Range<Int>? {
        var index = start
        var name: Range<Int>?
        while index < end, tokens[index].kind == .word || tokens[index].kind == .hashtag,
            isCapitalised(index), !Words.englishPronouns.contains(word(index)),
            !Words.englishStops.contains(word(index))
        {
            name = (name?.lowerBound ?? index)..<(index + 1)
            index += 1
            // Initials: "J. Doe".
            if index + 1 < end, text(index) == ".", tokens[index - 1].range.count <= 2,
                isCapitalised(index + 1)
            {
                index += 1
            }
        }
        return name.flatMap { withoutOffice($0) }
    }

    /// Capitalised words without the office before them; nil when nothing else is there.
    private func withoutOffice(_ words: Range<Int>) -> Range<Int>? {
        var name = words
        while let first = name.first,
            Words.englishOffices.contains(word(first)) || text(first) == "."
        {
            name = (first + 1)..<name.upperBound
        }
        guard !name.isEmpty, name.count <= Self.longestName else { return nil }
        return place(name)
    }

    /// The name whose last word stands right before a token; an apposition in commas between
    /// them is passed over: `Jane Doe, the mayor, said`.
    func latinName(endingBefore end: Int, notBefore start: Int) -> Range<Int>? {
        var last = end - 1
        if last > start, text(last) == ",",
            let comma = (max(start, last - Self.longestOffice)..<last)
                .last(where: { text($0) == "," })
        {
            last = comma - 1
        }
        var first = last
        while first >= start, first >= tokens.startIndex, tokens[first].kind == .word,
            isCapitalised(first), !Words.englishPronouns.contains(word(first)),
            !Words.englishStops.contains(word(first))
        {
            first -= 1
        }
        guard first < last else { return nil }
        return withoutOffice((first + 1)..<(last + 1))
    }

    func word(_ index: Int) -> String {
        index >= tokens.startIndex && index < tokens.endIndex ? source.folded(tokens[index]) : ""
    }

    func text(_ index: Int) -> String {
        index >= tokens.startIndex && index < tokens.endIndex
            ? source.text[tokens[index].range] : ""
    }

    func isLatin(_ index: Int) -> Bool {
        guard let first = word(index).unicodeScalars.first else { return false }
        return (0x61...0x7A).contains(first.value)
    }

    private func isWordLike(_ index: Int) -> Bool {
        switch tokens[index].kind {
        case .word: return !isLatin(index) || isCapitalised(index)
        case .hashtag: return true
        case .number, .mention, .url, .email, .punctuation, .symbol: return false
        }
    }

    private func isCapitalised(_ index: Int) -> Bool {
        guard index >= tokens.startIndex, index < tokens.endIndex else { return false }
        let range = tokens[index].range
        let offset = tokens[index].kind == .hashtag ? range.lowerBound + 1 : range.lowerBound
        return offset < source.count && source.text.scalars[offset].properties.isUppercase
    }

    private func isStop(_ word: String) -> Bool {
        if Words.isStop(word) || SpeechVerbs.role(of: word) != nil { return true }
        // "بسوسن": a preposition, if the text has the word without it.
        guard word.count > 4, let first = word.first, "بلك".contains(first) else { return false }
        let rest = String(word.dropFirst())
        return source.hasWord(rest) || source.hasWord("ال" + rest)
    }

    /// The place of tokens in the text, without the `#` of a hashtag that stands first.
    private func place(_ range: Range<Int>) -> Range<Int> {
        let first = tokens[range.lowerBound]
        let start = first.range.lowerBound + (first.kind == .hashtag ? 1 : 0)
        return start..<max(start, tokens[range.upperBound - 1].range.upperBound)
    }
}
