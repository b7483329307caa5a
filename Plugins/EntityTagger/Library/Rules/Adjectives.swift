/// Tells adjectives of nations (`الروسي`, `الليبيين`) from names, by the places they come from.
struct Adjectives: Sendable {
    let gazetteer: Gazetteer

    /// Whether a folded word says where somebody or something is from.
    ///
    /// - Parameter word: A folded word without clitics, with its article if it has one.
    /// - Returns: True for `روسي`, `الروسيه`, `الروسيين`; the name of a place itself is none.
    func isNationality(_ word: String) -> Bool {
        guard word.unicodeScalars.count <= 20 else { return false }
        var stem = Substring(word)
        if stem.hasPrefix("ال") { stem = stem.dropFirst(2) }
        for ending in ["يتين", "يين", "يون", "يان", "يات", "يه", "ي"] where stem.hasSuffix(ending) {
            let root = stem.dropLast(ending.unicodeScalars.count)
            guard root.unicodeScalars.count >= 3 else { return false }
            return ["", "ا", "يا", "ه", "ان"].contains { isPlace(root + $0) }
                || isPlace("ال" + root) || isPlace("ال" + root + "يه") || isPlace("ال" + root + "ه")
                || Self.irregular.contains(String(root))
        }
        return false
    }

    private func isPlace(_ name: some StringProtocol) -> Bool {
        !gazetteer.classes(of: String(name)).isDisjoint(with: .knownPlace)
    }

    /// Roots whose place is written otherwise.
    private static let irregular: Set<String> = [
        "امريك", "اميرك", "بريطان", "اوروب", "افريق", "اسيو", "سويسر", "سوفيت", "سوفيات", "صين",
        "اطلس", "خليج", "غرب", "عرب", "كرد", "انجليز", "فلسطين", "ماليز", "اندونيس", "نرويج",
        "شيشان",
    ]
}
