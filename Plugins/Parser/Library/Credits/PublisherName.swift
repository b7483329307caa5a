/// Finds who publishes a page in the wording of its disclaimer.
enum PublisherName {
    /// The name that a disclaimer sets against its readers: those whose opinion the comments are
    /// *not*, or who holds the rights.
    ///
    /// - Parameters:
    ///   - line: A disclaimer.
    ///   - source: The text.
    /// - Returns: The name's place; nil when the line says only "this site".
    static func find(in line: Line, of source: SourceText) -> Range<Int>? {
        let tokens = Array(line.tokens)
        let words = tokens.map {
            $0.kind == .punctuation || $0.kind == .symbol ? "" : source.folded($0)
        }
        guard let start = nameStart(words) else { return nil }
        var index = start
        while index < words.count, generic.contains(words[index]) { index += 1 }
        if index < words.count, words[index] == "the",
            source.text.scalars[tokens[index].range.lowerBound] == "t"
        {
            index += 1
        }
        var end = index
        while end < words.count, end - index < mostWords, isName(words[end]) { end += 1 }
        while end > index, trailing.contains(words[end - 1]) { end -= 1 }
        guard end > index else { return nil }
        return tokens[index].range.lowerBound..<tokens[end - 1].range.upperBound
    }

    private static let mostWords = 6

    private static func isName(_ word: String) -> Bool {
        !word.isEmpty && !stops.contains(word)
    }

    /// The index after the opinion that is not meant, or after the rights that are reserved.
    private static func nameStart(_ words: [String]) -> Int? {
        if let negation = words.indices.first(where: { isNegation(words, $0) }),
            let subject = words[negation...].firstIndex(where: { opinions.contains($0) })
        {
            var next = subject + 1
            while next < words.count, ["نظر", "of", "and", "opinions"].contains(words[next]) {
                next += 1
            }
            return next
        }
        if let reserved = words.firstIndex(of: "محفوظه"), reserved + 1 < words.count {
            let next = reserved + 1
            return words[next] == "ل" ? next + 1 : generic.contains(words[next]) ? next : nil
        }
        return nil
    }

    private static func isNegation(_ words: [String], _ index: Int) -> Bool {
        switch words[index] {
        case "not": true
        case "لا", "ولا":
            index + 1 < words.count
                && ["تعبر", "يعبر", "تمثل", "يمثل", "تعكس", "يعكس"].contains(words[index + 1])
        case "ليست", "ليس": true
        default: false
        }
    }

    private static let opinions: Set<String> = [
        "راي", "اراء", "وجهه", "وجهات", "موقف", "مواقف", "سياسه", "توجهات",
        "view", "views", "opinion", "opinions", "position", "policy", "policies", "those",
    ]

    /// What stands before a name, and says nothing alone.
    private static let generic: Set<String> = [
        "موقع", "الموقع", "لموقع", "صحيفه", "الصحيفه", "لصحيفه", "جريده", "الجريده", "لجريده",
        "شبكه",
        "الشبكه", "لشبكه", "قناه", "القناه", "لقناه", "مجله", "المجله", "اداره", "الاداره", "هيئه",
        "هييه", "تحرير", "التحرير", "اسره", "منصه", "المنصه", "بوابه", "البوابه", "الناشر",
        "الكاتب",
        "كاتبها", "كاتبه", "كتابها", "اصحابها", "صاحبها", "اصحابه", "فريق", "website", "site",
        "our",
        "this", "its", "newspaper", "editors", "publisher",
    ]

    private static let stops: Set<String> = [
        "وانما", "انما", "بل", "ولا", "ولكن", "لكن", "او", "وهي", "وهو", "وتعبر", "ويعبر",
        "بالضروره",
        "الا", "وان", "وانها", "كما", "فهي", "ف", "or", "and", "nor", "but", "which", "as", "who",
        "are", "is",
    ]

    /// What may follow a name without being of it.
    private static let trailing: Set<String> = ["نفسه", "نفسها", "ابدا", "itself"]
}
