internal import BaridText

/// The terms that moderation knows, by their first word.
struct Lexicon: Sendable {
    /// One term.
    struct Term: Hashable, Sendable {
        let category: Category
        /// How much it says when it is meant, 0 to 1.
        let weight: Double
        /// The folded words.
        let words: [String]
        /// Whether endings (plural, feminine, pronouns) may follow the last word.
        let takesEndings: Bool
        /// Whether it weighs half unless it is said to or of somebody.
        let needsTarget: Bool
        /// Whether it counts in the text of an article.
        let isGross: Bool

        /// The words as written in a rule's name.
        var name: String { words.joined(separator: " ") }
    }

    /// What is wrong with words, worst first.
    enum Category: String, Hashable, Sendable, CaseIterable {
        case threat, hate, sexual, profanity, insult, spam
    }

    /// Terms by their first folded word.
    let terms: [String: [Term]]

    /// Harmless phrases by their first folded word.
    let harmless: [String: [[String]]]

    /// The terms that ship with Barid.
    static let standard = Lexicon(
        terms: [arabic, english], harmless: [harmlessArabic, harmlessEnglish])

    /// Reads terms.
    ///
    /// - Parameters:
    ///   - terms: Lines of `category weight [flags]: terms`; a line that is none is left out.
    ///   - harmless: Phrases between white space.
    init(terms: [String], harmless: [String]) {
        var byFirst: [String: [Term]] = [:]
        for line in terms.flatMap({ $0.split(whereSeparator: \.isNewline) }) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let head = line[..<colon].split(separator: " ")
            guard head.count >= 2, let category = Category(rawValue: String(head[0])),
                let weight = Double(head[1])
            else { continue }
            let flags = head.count > 2 ? head[2] : ""
            for phrase in line[line.index(after: colon)...].split(separator: " ") {
                let words = Self.words(phrase)
                guard let first = words.first else { continue }
                byFirst[first, default: []].append(
                    Term(
                        category: category, weight: weight, words: words,
                        takesEndings: flags.contains("i"), needsTarget: flags.contains("d"),
                        isGross: flags.contains("a")))
            }
        }
        // The longest phrase first, so that it wins over its first word.
        self.terms = byFirst.mapValues { $0.sorted { $0.words.count > $1.words.count } }
        var phrases: [String: [[String]]] = [:]
        for phrase in harmless.flatMap({ $0.split(whereSeparator: \.isWhitespace) }) {
            let words = Self.words(phrase)
            if let first = words.first { phrases[first, default: []].append(words) }
        }
        self.harmless = phrases
    }

    private static func words(_ phrase: Substring) -> [String] {
        phrase.split(separator: "_").map { Folding.key(String($0)) }
    }
}
