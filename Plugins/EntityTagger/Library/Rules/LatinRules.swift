/// Finds names in Latin script by capitals, lists and the words around them.
struct LatinRules: Sendable {
    let gazetteer: Gazetteer

    /// Returns what the rules find in the Latin words of a sentence.
    ///
    /// - Parameter sentence: The words of one sentence.
    /// - Returns: Candidates in order, none overlapping.
    func find(in sentence: [Word]) -> [Candidate] {
        var found: [Candidate] = []
        var index = 0
        while index < sentence.count {
            guard sentence[index].isLatin, sentence[index].isCapitalised else {
                index += 1
                continue
            }
            let end = runEnd(from: index, in: sentence)
            classify(index..<end, in: sentence, into: &found)
            index = end
        }
        return found
    }

    /// The end of a run of capitalised words; `of`, `the` and particles may stand inside it.
    private func runEnd(from start: Int, in sentence: [Word]) -> Int {
        var end = start + 1
        while end < sentence.count, end < start + 12 {
            let word = sentence[end]
            if word.isLatin, word.isCapitalised {
                end += 1
            } else if word.isLatin, end + 1 < sentence.count, sentence[end + 1].isLatin,
                sentence[end + 1].isCapitalised,
                Vocabulary.nameParticles.contains(word.text) || word.text == "of"
            {
                end += 2
            } else if word.text == "of", end + 2 < sentence.count, sentence[end + 1].text == "the",
                sentence[end + 2].isCapitalised
            {
                end += 3
            } else {
                break
            }
        }
        return min(end, sentence.count)
    }

    private func classify(
        _ run: Range<Int>, in sentence: [Word], into found: inout [Candidate]
    ) {
        var start = run.lowerBound
        var afterTitle = start > 0 && Vocabulary.roles.contains(sentence[start - 1].text)
        // Titles and sentence beginnings in front are not part of a name.
        while start < run.upperBound {
            let word = sentence[start]
            if start == 0 || !afterTitle, Vocabulary.englishWords.contains(word.text) {
                start += 1
            } else if Vocabulary.roles.contains(word.text), start + 1 <= run.upperBound {
                afterTitle = true
                start += 1
                if start < run.upperBound, sentence[start].text == "." { start += 1 }
            } else {
                break
            }
        }
        guard start < run.upperBound else { return }
        let names = start..<run.upperBound
        if let last = sentence[names].lastIndex(where: {
            Vocabulary.englishOrganisations.contains($0.text)
        }), names.count > 1, !afterTitle {
            let isWhole = last == run.upperBound - 1 || sentence[names].contains { $0.text == "of" }
            if isWhole {
                found.append(Candidate(kind: .organisation, words: names, confidence: 0.75))
                return
            }
        }
        // Known names inside the run, longest first; the rest may be a person.
        var index = start
        var restStart = start
        var known: [Candidate] = []
        while index < run.upperBound {
            if !afterTitle, let candidate = listed(at: index, limit: run.upperBound, in: sentence) {
                if restStart < index { person(restStart..<index, in: sentence, false, &known) }
                known.append(candidate)
                index = candidate.words.upperBound
                restStart = index
            } else {
                index += 1
            }
        }
        if restStart < run.upperBound {
            person(restStart..<run.upperBound, in: sentence, afterTitle, &known)
        }
        found += known
    }

    private func listed(at index: Int, limit: Int, in sentence: [Word]) -> Candidate? {
        var name = sentence[index].text
        var best: Candidate?
        var end = index + 1
        while true {
            let entry = gazetteer.find(name)
            let words = index..<end
            let isGiven = entry.classes.contains(.givenName)
            if entry.classes.contains(.organisation) {
                best = Candidate(kind: .organisation, words: words, confidence: 0.85)
            } else if !entry.classes.isDisjoint(with: .knownPlace) {
                let isPart = isGiven && end < limit
                if !isPart { best = Candidate(kind: .place, words: words, confidence: 0.85) }
            } else if entry.classes.contains(.city), !isGiven {
                let isAlone = end == limit || end - index > 1
                let before = index > 0 ? sentence[index - 1].text : ""
                let isPlaced = Vocabulary.placePrepositions.contains(before)
                if isAlone, isPlaced || end - index > 1 {
                    best = Candidate(kind: .place, words: words, confidence: 0.7)
                }
            }
            guard entry.isPrefix, end < limit else { break }
            name += " " + sentence[end].text
            end += 1
        }
        if let found = best, found.kind == .place, found.words.upperBound < limit,
            Vocabulary.englishPlaces.contains(sentence[found.words.upperBound].text)
        {
            best = Candidate(
                kind: .place, words: found.words.lowerBound..<(found.words.upperBound + 1),
                confidence: 0.8)
        }
        return best
    }

    private func person(
        _ words: Range<Int>, in sentence: [Word], _ afterTitle: Bool,
        _ found: inout [Candidate]
    ) {
        guard let first = sentence[words].first, words.count <= 5 else { return }
        let isGiven = first.classes.contains(.givenName)
        if let last = sentence[words].last, Vocabulary.englishPlaces.contains(last.text),
            words.count > 1, !afterTitle
        {
            found.append(Candidate(kind: .place, words: words, confidence: 0.6))
        } else if afterTitle || isGiven && words.count > 1 {
            found.append(Candidate(kind: .person, words: words, confidence: 0.8))
        } else if words.count >= 2, words.count <= 3, !first.isAllCapitals,
            sentence[words].allSatisfy({
                !$0.classes.isDisjoint(with: Gazetteer.Classes.name)
                    || Vocabulary.nameParticles.contains($0.text)
            })
        {
            found.append(Candidate(kind: .person, words: words, confidence: 0.6))
        }
    }
}
