/// Finds the names of one sentence: rules first, then the model with the rules as evidence.
struct NameFinder: Sendable {
    private let arabic: ArabicRules
    private let latin: LatinRules
    private let model: SequenceModel?

    /// Makes a finder.
    ///
    /// - Parameters:
    ///   - gazetteer: The names known.
    ///   - model: Trained weights; nil leaves it at rules and lists.
    init(gazetteer: Gazetteer, model: SequenceModel?) {
        arabic = ArabicRules(gazetteer: gazetteer)
        latin = LatinRules(gazetteer: gazetteer)
        self.model = model
    }

    /// Returns the names of a sentence in order, none overlapping.
    func find(in sentence: [Word]) -> [Candidate] {
        let ruled = byRules(sentence)
        guard let model, sentence.contains(where: \.isArabic) else { return ruled }
        let hashes = Features.extract(
            from: sentence, rules: Label.labels(of: ruled, count: sentence.count))
        let decoded = Self.candidates(model.decode(hashes), sentence)
        // Latin words are few in the training data: there the rules have the word.
        let sure = ruled.filter {
            Self.isSure($0) || sentence[$0.words].allSatisfy { !$0.isArabic }
        }
        return Self.resolved(decoded.map { Self.supported($0, by: ruled) } + sure)
    }

    /// Returns what training sees of a sentence: its features, with the rules as evidence.
    func evidence(in sentence: [Word]) -> [[UInt32]] {
        Features.extract(
            from: sentence, rules: Label.labels(of: byRules(sentence), count: sentence.count))
    }

    /// Whether a name of the rules needs no model: most known places, and long known names.
    private static func isSure(_ candidate: Candidate) -> Bool {
        candidate.confidence >= (candidate.kind == .place ? 0.85 : 0.95)
    }

    private func byRules(_ sentence: [Word]) -> [Candidate] {
        Self.resolved(arabic.find(in: sentence) + latin.find(in: sentence))
    }

    /// A name that rules and model agree on is surer than either.
    private static func supported(_ candidate: Candidate, by ruled: [Candidate]) -> Candidate {
        let agrees = ruled.contains { $0.words == candidate.words && $0.kind == candidate.kind }
        return Candidate(
            kind: candidate.kind, words: candidate.words, confidence: agrees ? 0.95 : 0.7)
    }

    /// Whether a word cannot go on with a person's name: it has a particle of its own, as in
    /// `قال فلان لفلان`.
    private static func separates(_ word: Word) -> Bool {
        guard word.classes.isEmpty, !word.isHashtag else { return false }
        return word.hasClitic
            || ["لل", "بال", "وال", "فال", "كال"].contains(where: word.text.hasPrefix)
    }

    private static func candidates(_ labels: [Label], _ sentence: [Word]) -> [Candidate] {
        var found: [Candidate] = []
        var start: Int?
        func close(at end: Int) {
            if let begin = start, let kind = labels[begin].kind {
                var words = begin..<end
                if kind == .person,
                    let cut = words.dropFirst().first(where: { separates(sentence[$0]) })
                {
                    words = begin..<cut
                }
                while let last = words.last, !sentence[last].isWord, sentence[last].form != .number
                {
                    words = words.dropLast()
                }
                if !words.isEmpty {
                    found.append(Candidate(kind: kind, words: words, confidence: 0.7))
                }
            }
            start = nil
        }
        for index in labels.indices {
            if labels[index].kind == nil || labels[index].isBegin { close(at: index) }
            if labels[index].isBegin { start = index }
        }
        close(at: labels.count)
        return found
    }

    /// Of overlapping candidates the surer stays, then the longer, then the earlier.
    static func resolved(_ candidates: [Candidate]) -> [Candidate] {
        let sorted = candidates.sorted {
            let left = $0.confidence + Double(min($0.words.count, 8)) * 0.06
            let right = $1.confidence + Double(min($1.words.count, 8)) * 0.06
            return left != right ? left > right : $0.words.lowerBound < $1.words.lowerBound
        }
        var taken: Set<Int> = []
        var kept: [Candidate] = []
        for candidate in sorted where !candidate.words.contains(where: taken.contains) {
            taken.formUnion(candidate.words)
            kept.append(candidate)
        }
        return kept.sorted { $0.words.lowerBound < $1.words.lowerBound }
    }
}
