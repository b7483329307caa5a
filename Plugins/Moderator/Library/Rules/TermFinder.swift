/// Finds terms of the lexicon in a text and weighs them by the words around.
struct TermFinder: Sendable {
    /// A term where it stands.
    struct Hit: Sendable {
        let term: Lexicon.Term
        /// The words it is made of.
        let words: Range<Int>
        /// Its weight here, 0 to 1.
        let score: Double
        /// The category here: an insult of a group is hate.
        let category: Lexicon.Category
    }

    let lexicon: Lexicon

    /// Returns the terms in a text, in order, none overlapping.
    ///
    /// - Parameter text: The text.
    /// - Returns: What was found, harmless phrases left out.
    func find(in text: ModeratedText) -> [Hit] {
        var hits: [Hit] = []
        var index = 0
        while index < text.words.count {
            if let end = harmlessEnd(at: index, in: text.words) {
                index = end
                continue
            }
            guard let (term, end) = term(at: index, in: text.words) else {
                index += 1
                continue
            }
            hits.append(weigh(term, index..<end, in: text.words))
            index = end
        }
        return hits
    }

    private func harmlessEnd(at index: Int, in words: [ModeratedText.Word]) -> Int? {
        for form in words[index].forms {
            for phrase in lexicon.harmless[form] ?? [] {
                let end = index + phrase.count
                guard end <= words.count else { continue }
                if zip(words[index..<end].dropFirst(), phrase.dropFirst()).allSatisfy({
                    $0.text == $1
                }) {
                    return end
                }
            }
        }
        return nil
    }

    private func term(
        at index: Int, in words: [ModeratedText.Word]
    ) -> (Lexicon.Term, Int)? {
        var best: (Lexicon.Term, Int)?
        for form in words[index].forms {
            for term in lexicon.terms[form] ?? [] {
                guard term.words.count > 1 || isPlausible(form, in: words[index], term) else {
                    continue
                }
                let end = index + term.words.count
                guard end <= words.count, matches(term, at: index, in: words),
                    end > best?.1 ?? index
                else { continue }
                best = (term, end)
            }
        }
        if let best { return best }
        for form in words[index].forms {
            for stem in Endings.stems(of: form) {
                for term in lexicon.terms[stem] ?? []
                where term.words.count == 1 && term.takesEndings
                    && isPlausible(stem, in: words[index], term)
                {
                    return (term, index + 1)
                }
            }
        }
        return nil
    }

    /// Whether a short term is still itself behind clitics: `بكس` is a bus, not ب + a slur.
    private func isPlausible(
        _ form: String, in word: ModeratedText.Word, _ term: Lexicon.Term
    ) -> Bool {
        let length = form.unicodeScalars.count
        guard length <= 3, let first = form.unicodeScalars.first, first.value >= 0x600 else {
            return true
        }
        let text = word.squeezed.unicodeScalars.count
        if length == 2 {
            return text == 2 || text > 4 && word.forms.first != form && word.text.hasPrefix("وال")
        }
        return text == length || word.text.hasPrefix("ال") || word.text.hasPrefix("و")
            || word.text.hasPrefix("لل") || word.text.hasPrefix("بال") || word.text.hasPrefix("كال")
            || word.text.hasPrefix("ف") || text > length + 3
            || term.words.count == 1 && text == length + 1
                && (word.text.hasPrefix("ب") || word.text.hasPrefix("ل")
                    || word.text.hasPrefix("ك"))
    }

    private func matches(
        _ term: Lexicon.Term, at index: Int, in words: [ModeratedText.Word]
    ) -> Bool {
        for (offset, expected) in term.words.enumerated().dropFirst() {
            let word = words[index + offset]
            if word.text == expected || word.forms.contains(expected) { continue }
            guard term.takesEndings, offset == term.words.count - 1,
                Endings.stems(of: word.text).contains(expected)
            else { return false }
        }
        return true
    }

    // MARK: Context

    private static let reach = 3

    private func weigh(
        _ term: Lexicon.Term, _ span: Range<Int>, in words: [ModeratedText.Word]
    ) -> Hit {
        var score = term.weight
        var category = term.category
        let before = words[max(0, span.lowerBound - Self.reach)..<span.lowerBound]
        let after = words[span.upperBound..<min(words.count, span.upperBound + Self.reach)]
        let first = words[span.lowerBound]
        if term.needsTarget, !isTargeted(first, before, after) { score *= 0.5 }
        if let word = before.last(where: { Context.negations.contains($0.text) }),
            category == .insult, first.place - word.place <= 2, first.place > word.place
        {
            score *= 0.4
        }
        if first.isQuoted { score *= 0.6 }
        if category == .insult, (before + after).contains(where: Context.isGroup) {
            category = .hate
            score = min(0.9, score + 0.15)
        }
        return Hit(term: term, words: span, score: score, category: category)
    }

    /// Whether a word is said to or of somebody: called (`يا`), addressed, or the first of a comment.
    private func isTargeted(
        _ word: ModeratedText.Word, _ before: ArraySlice<ModeratedText.Word>,
        _ after: ArraySlice<ModeratedText.Word>
    ) -> Bool {
        // `الكلب صديق الإنسان` speaks of the dog; `كلب ويسرق` of somebody.
        if word.place == 0, !word.text.hasPrefix("ال") { return true }
        if before.suffix(2).contains(where: { Context.addresses.contains($0.text) }) { return true }
        return after.prefix(2).contains { Context.pronouns.contains($0.text) }
    }
}
