/// Counts what speaks for each language in a text.
///
/// Words are compared unfolded but for case and vowel marks: that Persian writes ی and Arabic ي
/// is itself the best sign.
struct LanguageEvidence {
    private var scripts = [Int](repeating: 0, count: Script.allCases.count)
    private var words = [Double](repeating: 0, count: Candidate.allCases.count)
    private var letters = [Double](repeating: 0, count: Candidate.allCases.count)

    mutating func read(_ scalars: some Sequence<Unicode.Scalar>) {
        let lexicon = LanguageLexicon.shared
        var word = LanguageLexicon.Key()
        // What an apostrophe cut off: l'eau, d'un.
        var elided: LanguageLexicon.Key?
        for scalar in scalars {
            guard let script = Script(scalar) else {
                if FoldingTable.isIgnorable(scalar) { continue }
                if scalar == "'" || scalar == "’", word.count > 0 {
                    word.append("'")
                    elided = word
                } else {
                    close(&word, &elided, lexicon)
                }
                continue
            }
            scripts[script.rawValue] += 1
            for sign in lexicon.signs(of: scalar) { letters[sign.0.rawValue] += sign.1 }
            switch script {
            case .latin: word.append(lexicon.lowercase(scalar))
            case .arabic: word.append(scalar)
            default: break
            }
        }
        close(&word, &elided, lexicon)
    }

    var language: Language {
        let total = scripts.reduce(0, +)
        guard total > 0,
            let script = Script.allCases.max(by: {
                (scripts[$0.rawValue], $1.rawValue) < (scripts[$1.rawValue], $0.rawValue)
            })
        else { return .undetermined }
        let count = scripts[script.rawValue]
        let share = Double(count) / Double(total)
        switch script {
        case .arabic: return arabicScript(share: share)
        case .latin: return latinScript(share: share)
        case .hebrew: return Language(code: "he", confidence: share)
        case .greek: return Language(code: "el", confidence: share)
        case .cyrillic:
            let ukrainian = letters[Candidate.uk.rawValue]
            let russian = letters[Candidate.ru.rawValue]
            guard ukrainian + russian > 0 else { return .undetermined }
            let lead = abs(ukrainian - russian) / (ukrainian + russian)
            return Language(code: ukrainian > russian ? "uk" : "ru", confidence: share * lead)
        case .hangul: return Language(code: "ko", confidence: share)
        case .kana: return Language(code: "ja", confidence: share)
        case .han:
            let kana = scripts[Script.kana.rawValue]
            return Language(code: kana * 10 > count ? "ja" : "zh", confidence: share)
        case .devanagari: return Language(code: "hi", confidence: share * 0.8)
        }
    }

    private func arabicScript(share: Double) -> Language {
        var scores = words.map { $0 * 6 }
        for index in scores.indices { scores[index] += letters[index] }
        // Without any sign the script is Arabic's.
        scores[Candidate.ar.rawValue] += min(4, Double(scripts[Script.arabic.rawValue]) / 25) + 0.5
        return best(of: [.ar, .fa, .ur, .ckb], scores, share: share, needed: 0)
    }

    private func latinScript(share: Double) -> Language {
        var scores = words.map { $0 * 2 }
        for index in scores.indices { scores[index] += letters[index] }
        return best(of: [.en, .fr, .de, .tr, .es, .it, .pt, .nl], scores, share: share, needed: 2)
    }

    private func best(
        of candidates: [Candidate], _ scores: [Double], share: Double, needed: Double
    ) -> Language {
        let ranked = candidates.sorted { scores[$0.rawValue] > scores[$1.rawValue] }
        guard ranked.count > 1 else { return .undetermined }
        let first = scores[ranked[0].rawValue]
        let second = scores[ranked[1].rawValue]
        guard first >= needed, first > second else { return .undetermined }
        // Little evidence is no certainty, however one-sided.
        let weight = first / (first + 1)
        return Language(
            code: "\(ranked[0])", confidence: share * weight * (first - second) / first)
    }

    private mutating func close(
        _ word: inout LanguageLexicon.Key, _ elided: inout LanguageLexicon.Key?,
        _ lexicon: LanguageLexicon
    ) {
        guard word.count > 0 else { return }
        let found = lexicon.languages(of: word)
        for language in found { words[language.rawValue] += 1 / Double(found.count) }
        if found.isEmpty, let elided {
            for language in lexicon.languages(of: elided) { words[language.rawValue] += 0.5 }
        }
        word = LanguageLexicon.Key()
        elided = nil
    }
}

extension FoldingTable {
    /// Whether a scalar vanishes in folding: a mark, a zero-width or bidi character.
    static func isIgnorable(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value < 0x10000 else { return false }
        let entry = shared.entries[Int(scalar.value)]
        return entry == droppedMark || entry == dropped
    }
}
