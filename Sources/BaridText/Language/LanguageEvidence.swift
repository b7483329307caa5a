/// Counts what speaks for each language in a text.
///
/// Words are compared unfolded but for case and vowel marks: that Persian writes ی and Arabic ي
/// is itself the best sign.
struct LanguageEvidence {
    private var scripts: [Script: Int] = [:]
    private var words: [String: Double] = [:]
    private var letters: [String: Double] = [:]
    private var wordCount = 0

    mutating func read(_ scalars: some Sequence<Unicode.Scalar>) {
        var word = String.UnicodeScalarView()
        for scalar in scalars {
            guard let script = Script(scalar) else {
                if FoldingTable.isIgnorable(scalar) { continue }
                if scalar == "'" || scalar == "’", !word.isEmpty {
                    word.append("'")
                } else {
                    close(&word)
                }
                continue
            }
            scripts[script, default: 0] += 1
            if let signs = Self.signLetters[scalar] {
                for (language, weight) in signs { letters[language, default: 0] += weight }
            }
            guard script == .latin || script == .arabic else { continue }
            if script == .latin {
                word.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            } else {
                word.append(scalar)
            }
        }
        close(&word)
    }

    var language: Language {
        let total = scripts.values.reduce(0, +)
        guard total > 0,
            let (script, count) = scripts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
        else { return .undetermined }
        let share = Double(count) / Double(total)
        switch script {
        case .arabic: return arabicScript(share: share)
        case .latin: return latinScript(share: share)
        case .hebrew: return Language(code: "he", confidence: share)
        case .greek: return Language(code: "el", confidence: share)
        case .cyrillic:
            let ukrainian = letters["uk", default: 0]
            let russian = letters["ru", default: 0]
            guard ukrainian + russian > 0 else { return .undetermined }
            let lead = abs(ukrainian - russian) / (ukrainian + russian)
            return Language(code: ukrainian > russian ? "uk" : "ru", confidence: share * lead)
        case .hangul: return Language(code: "ko", confidence: share)
        case .kana: return Language(code: "ja", confidence: share)
        case .han:
            let kana = scripts[.kana, default: 0]
            return Language(code: kana * 10 > count ? "ja" : "zh", confidence: share)
        case .devanagari: return Language(code: "hi", confidence: share * 0.8)
        }
    }

    private func arabicScript(share: Double) -> Language {
        let count = Double(max(1, scripts[.arabic, default: 0]))
        // A letter that Arabic never has weighs by how often it stands; each language needs some.
        var scores: [String: Double] = [:]
        for language in ["ar", "fa", "ur", "ckb"] {
            scores[language] =
                words[language, default: 0] * 6 + letters[language, default: 0]
        }
        // Without any sign the script is Arabic's.
        scores["ar", default: 0] += min(4, count / 25) + 0.5
        return best(scores, share: share, needed: 0)
    }

    private func latinScript(share: Double) -> Language {
        var scores: [String: Double] = [:]
        for language in ["en", "fr", "de", "tr", "es", "it", "pt", "nl"] {
            scores[language] = words[language, default: 0] * 2 + letters[language, default: 0]
        }
        return best(scores, share: share, needed: 2)
    }

    private func best(_ scores: [String: Double], share: Double, needed: Double) -> Language {
        let ranked = scores.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        guard let first = ranked.first, first.value >= needed, first.value > 0 else {
            return .undetermined
        }
        let second = ranked.dropFirst().first?.value ?? 0
        guard first.value > second else { return .undetermined }
        let lead = (first.value - second) / first.value
        // Little evidence is no certainty, however one-sided.
        let weight = first.value / (first.value + 1)
        return Language(code: first.key, confidence: share * lead * weight)
    }

    private mutating func close(_ word: inout String.UnicodeScalarView) {
        guard !word.isEmpty else { return }
        defer { word.removeAll(keepingCapacity: true) }
        wordCount += 1
        guard word.count <= 12 else { return }
        var text = String(word)
        if let languages = Self.commonWords[text] {
            for language in languages { words[language, default: 0] += 1 / Double(languages.count) }
        } else if let apostrophe = text.firstIndex(of: "'") {
            // l'eau, d'un, can't: the elided word before it, or the ending after it.
            let ending = String(text[apostrophe...])
            text = String(text[...apostrophe])
            for language in Self.commonWords[text] ?? Self.commonWords[ending] ?? [] {
                words[language, default: 0] += 0.5
            }
        }
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
