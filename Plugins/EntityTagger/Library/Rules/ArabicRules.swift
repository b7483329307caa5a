/// Finds names in an Arabic sentence by lists and by the words around them.
///
/// Every look ahead is bounded, so a sentence costs time linear in its words.
struct ArabicRules: Sendable {
    let gazetteer: Gazetteer

    private typealias Classes = Gazetteer.Classes

    /// Returns what the rules find; candidates may overlap, the surer one wins later.
    ///
    /// - Parameter sentence: The words of one sentence.
    /// - Returns: Candidates in no particular order.
    func find(in sentence: [Word]) -> [Candidate] {
        var found = listed(in: sentence)
        for index in sentence.indices where sentence[index].isArabic {
            if let candidate = organisation(at: index, in: sentence) { found.append(candidate) }
            if let candidate = titledPerson(at: index, in: sentence) { found.append(candidate) }
            if let candidate = namedPerson(at: index, in: sentence) { found.append(candidate) }
            if let candidate = headedPlace(at: index, in: sentence) { found.append(candidate) }
        }
        return found
    }

    // MARK: Lists

    /// The longest known names, at every word.
    func listed(in sentence: [Word]) -> [Candidate] {
        var found: [Candidate] = []
        for index in sentence.indices where sentence[index].isWord {
            if let candidate = listed(at: index, in: sentence) { found.append(candidate) }
        }
        return found
    }

    private func listed(at index: Int, in sentence: [Word]) -> Candidate? {
        let first = sentence[index]
        for reading in first.readings {
            guard reading.prefix.isEmpty || reading.stem.unicodeScalars.count >= 3 else { continue }
            guard let (classes, end) = longest(reading.stem, at: index, in: sentence) else {
                continue
            }
            let isLong = end > index + 1
            // A word of the language keeps its reading, unless what follows makes it a name.
            if !reading.prefix.isEmpty, !isLong, first.classes.contains(.word) { continue }
            if classes.contains(.organisation) {
                var end = end
                // البنك المركزي الليبي: the adjectives behind a head belong to it.
                if Vocabulary.organisationHeads.contains(reading.stem) {
                    while end < sentence.count, end < index + 8, sentence[end].isArabic,
                        isAdjective(sentence[end])
                    {
                        end += 1
                    }
                }
                return Candidate(
                    kind: .organisation, words: index..<end, confidence: isLong ? 0.95 : 0.85)
            }
            if !classes.isDisjoint(with: .knownPlace) {
                return Candidate(kind: .place, words: index..<end, confidence: isLong ? 0.95 : 0.9)
            }
            guard classes.contains(.city), reading.prefix.isEmpty || isLong else { continue }
            let isName = !classes.isDisjoint(with: .name)
            let before = index > 0 ? sentence[index - 1].stem : ""
            if Vocabulary.placePrepositions.contains(before)
                || Vocabulary.placeHeads.contains(before)
            {
                return Candidate(
                    kind: .place, words: index..<end, confidence: isName ? 0.55 : 0.75)
            }
            return isLong && !isName
                ? Candidate(kind: .place, words: index..<end, confidence: 0.6) : nil
        }
        return nil
    }

    /// The longest known name that begins with a stem and goes on with the words behind it.
    private func longest(
        _ stem: String, at index: Int, in sentence: [Word]
    ) -> (Classes, Int)? {
        var best: (Classes, Int)?
        var name = stem
        var end = index + 1
        while true {
            let entry = gazetteer.find(name)
            let kinds = entry.classes.intersection([.country, .region, .city, .organisation])
            if !kinds.isEmpty { best = (entry.classes, end) }
            guard entry.isPrefix, end < sentence.count, end < index + 8, sentence[end].isWord
            else { return best }
            name += " " + sentence[end].text
            end += 1
        }
    }

    // MARK: Organisations

    private func organisation(at index: Int, in sentence: [Word]) -> Candidate? {
        let head = sentence[index]
        guard
            let reading = head.readings.first(where: {
                Vocabulary.organisationHeads.contains($0.stem)
            })
        else { return nil }
        let isWeak = Vocabulary.weakHeads.contains(reading.stem)
        var end = index + 1
        var isAnchored = false
        var isOver = false
        while end < sentence.count, end < index + 7, !isOver {
            let word = sentence[end]
            if isAnchored, Vocabulary.purposes.contains(word.text) {
                // المنظمة التونسية لمناهضة التعذيب
                guard let object = sentence.dropFirst(end + 1).first, object.text.hasPrefix("ال")
                else {
                    break
                }
                end += 2
                continue
            }
            guard word.isArabic, word.reading.prefix.isEmpty || joins(word, after: end, from: index)
            else { break }
            if !word.classes.isDisjoint(with: .knownPlace) {
                // A place ends the name: البنك المركزي ... ليبيا, جامعة تونس المنار.
                guard end == index + 1 || isAnchored else { break }
                isAnchored = true
                end += 1
                if let next = sentence.dropFirst(end).first, !isAdjective(next) {
                    // وكالة تونس أفريقيا للأنباء
                    isOver =
                        !next.text.hasPrefix("لل") && next.classes.isDisjoint(with: .knownPlace)
                }
            } else if isAdjective(word) {
                isAnchored = true
                end += 1
            } else if word.text.hasPrefix("ال") || word.text.hasPrefix("وال")
                || word.text.hasPrefix("لل")
            {
                guard !Vocabulary.roles.contains(word.stem) else { break }
                // The genitive directly behind the head, or joined to it.
                guard end <= index + 2 else { break }
                isAnchored = true
                end += 1
            } else if end == index + 1, !reading.stem.hasPrefix("ال"), !word.classes.contains(.word)
            {
                // An indefinite head takes an unknown name: شركة نوكيا.
                isAnchored = true
                end += 1
            } else if end == index + 1, Vocabulary.organisationHeads.contains(word.text) {
                end += 1
            } else {
                break
            }
        }
        guard isAnchored, end > index + 1 else { return nil }
        let isStrong = !isWeak || end - index >= 3
        // A ministry is one by itself; a nation in the name leaves no doubt: الجيش السوري.
        let isCertain =
            reading.stem == "وزاره"
            || sentence[(index + 1)..<end].contains {
                $0.isNationality || !$0.classes.isDisjoint(with: .knownPlace)
            }
        let confidence = isStrong ? (isCertain && !isWeak ? 0.95 : 0.8) : 0.5
        return Candidate(kind: .organisation, words: index..<end, confidence: confidence)
    }

    /// Whether a word with a clitic goes on with the name: `وزارة الدفاع والطيران`.
    private func joins(_ word: Word, after end: Int, from index: Int) -> Bool {
        if word.text.hasPrefix("وال"), end == index + 2 {
            return !Vocabulary.roles.contains(word.stem)
                && word.stemClasses.isDisjoint(with: .place)
        }
        return word.text.hasPrefix("لل") && end > index + 1
            && word.stemClasses.isDisjoint(with: .place) && word.text.unicodeScalars.count > 4
    }

    private func isAdjective(_ word: Word) -> Bool {
        Vocabulary.commonAdjectives.contains(word.text)
            || word.text.hasPrefix("ال") && word.isNationality
    }

    // MARK: Persons

    private func titledPerson(at index: Int, in sentence: [Word]) -> Candidate? {
        let title = sentence[index]
        guard title.readings.contains(where: { Vocabulary.roles.contains($0.stem) }) else {
            return nil
        }
        var start = index + 1
        let limit = min(sentence.count, index + 8)
        while start < limit {
            let word = sentence[start]
            guard word.isArabic else { return nil }
            let isRole = Vocabulary.roles.contains(word.text)
            if let end = personEnd(from: start, in: sentence, afterTitle: true), !isRole {
                // A lone unknown word is a name only where the office is complete.
                let known = !word.classes.isDisjoint(with: Gazetteer.Classes.name)
                let isLong = end > start + 1
                guard known || isLong || start == index + 1 && word.isUnknown || word.isUnknown
                else { return nil }
                return Candidate(
                    kind: .person, words: start..<end, confidence: known || isLong ? 0.85 : 0.6)
            }
            let isModifier =
                isRole || isAdjective(word) || word.text.hasPrefix("ال")
                || word.text.hasPrefix("لل") || word.text.hasPrefix("وال")
                || !word.stemClasses.isDisjoint(with: [.country, .region, .organisation])
                || Self.officeWords.contains(word.text)
                || Vocabulary.organisationHeads.contains(word.stem)
            guard isModifier else { return nil }
            start += 1
        }
        return nil
    }

    /// Words inside an office: المتحدث باسم ..., وزير الدولة لشؤون ....
    private static let officeWords: Set<String> = [
        "باسم", "لشوون", "شوون", "في", "لدي", "عام", "اول", "دوله", "حكومه",
    ]

    private func namedPerson(at index: Int, in sentence: [Word]) -> Candidate? {
        let first = sentence[index]
        guard first.stemClasses.contains(.givenName) || !first.stemClasses.isDisjoint(with: .name)
        else { return nil }
        guard let end = personEnd(from: index, in: sentence, afterTitle: false) else { return nil }
        if index > 0 {
            // Part of a longer name that begins before.
            let before = sentence[index - 1]
            if before.isArabic, !before.stemClasses.isDisjoint(with: .name),
                !before.classes.contains(.word), first.reading.prefix.isEmpty
            {
                return nil
            }
        }
        let names = (index..<end).filter {
            !sentence[$0].stemClasses.isDisjoint(with: Gazetteer.Classes.name)
        }.count
        let isGiven = first.stemClasses.contains(.givenName)
        if end > index + 1 {
            return Candidate(
                kind: .person, words: index..<end,
                confidence: isGiven ? 0.75 : names >= 2 ? 0.65 : 0.4)
        }
        guard index > 0 else { return nil }
        let before = sentence[index - 1]
        let isSpeaker = before.readings.contains { Vocabulary.speech.contains($0.stem) }
        guard isSpeaker, !first.classes.contains(.word) else { return nil }
        return Candidate(kind: .person, words: index..<end, confidence: 0.6)
    }

    /// Where a personal name that begins at a word ends; nil when none begins there.
    private func personEnd(from start: Int, in sentence: [Word], afterTitle: Bool) -> Int? {
        let first = sentence[start]
        guard !first.isFunction else { return nil }
        let particle = Vocabulary.nameParticles.contains(first.text)
        if !particle {
            if afterTitle, !first.reading.prefix.isEmpty { return nil }
            let isName = !first.stemClasses.isDisjoint(with: Gazetteer.Classes.name)
            let isForeign = afterTitle && first.isUnknown && !isAdjective(first)
            guard isName && !isAdjective(first) || isForeign else { return nil }
            if first.stemClasses.contains(.word), !first.stemClasses.contains(.givenName) {
                return nil
            }
            guard
                first.stemClasses.isDisjoint(with: .knownPlace)
                    || first.stemClasses.contains(.givenName)
            else { return nil }
        }
        var end = start + 1
        var unknown = first.isUnknown ? 1 : 0
        // Lists know most given names; behind one, or behind a title, one may meet the unknown.
        let allowed = afterTitle ? 2 : first.stemClasses.contains(.givenName) ? 1 : 0
        var isAfterParticle = particle
        while end < sentence.count, end < start + 6 {
            let word = sentence[end]
            guard word.isArabic, !word.isFunction else { break }
            let isName = !word.classes.isDisjoint(with: Gazetteer.Classes.name)
            if Vocabulary.nameParticles.contains(word.text) {
                guard end + 1 < sentence.count, sentence[end + 1].isArabic else { break }
                isAfterParticle = true
            } else if Vocabulary.nameTails.contains(word.text) || isAfterParticle {
                isAfterParticle = false
            } else if !word.reading.prefix.isEmpty {
                break
            } else if Vocabulary.roles.contains(word.text) && !isName {
                break
            } else if !word.classes.isDisjoint(with: [.country, .region]) && !isName {
                break
            } else if isName, !word.classes.contains(.word) || word.classes.contains(.givenName) {
                isAfterParticle = false
            } else if word.isUnknown, unknown < allowed, !isAdjective(word), !isNoName(word) {
                unknown += 1
            } else {
                break
            }
            end += 1
        }
        if isAfterParticle { end -= 1 }
        guard end > start, !(particle && end == start + 1) else { return nil }
        return end
    }

    /// Whether an unknown word looks like anything but a name: `يتظاهرون`, `استهدفت`, `واندلع`.
    private func isNoName(_ word: Word) -> Bool {
        let text = word.text
        if text.hasPrefix("است") { return true }
        // An unknown word with a particle before it begins something else.
        if ["و", "ف", "بال", "كال", "لل"].contains(where: text.hasPrefix) { return true }
        if text.hasPrefix("ي") || text.hasPrefix("ت"), text.hasSuffix("ون") { return true }
        return text.hasSuffix("ها") || text.hasSuffix("هم") || text.hasSuffix("وا")
    }

    // MARK: Places

    private func headedPlace(at index: Int, in sentence: [Word]) -> Candidate? {
        let head = sentence[index]
        guard index + 1 < sentence.count,
            let reading = head.readings.first(where: { Vocabulary.placeHeads.contains($0.stem) })
        else { return nil }
        let next = sentence[index + 1]
        guard next.isArabic, next.reading.prefix.isEmpty else { return nil }
        let isNoun = Vocabulary.placeNouns.contains(reading.stem)
        let known = next.classes.isDisjoint(with: .place) ? next.isUnknown : true
        guard known, !isAdjective(next), !isNoName(next) else { return nil }
        let isDirection = !isNoun && next.isUnknown
        let start = isNoun && reading.prefix.isEmpty ? index : index + 1
        return Candidate(
            kind: .place, words: start..<(index + 2),
            confidence: next.classes.isDisjoint(with: .place) ? (isDirection ? 0.5 : 0.55) : 0.8)
    }
}
