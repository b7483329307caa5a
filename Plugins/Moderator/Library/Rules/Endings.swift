/// Endings that a term may carry.
enum Endings {
    private static let arabic = [
        "كم", "هم", "ها", "نا", "ين", "ون", "ات", "ان", "يه", "ه", "ك", "ي", "ا",
    ]
    private static let english = ["ing", "ers", "ed", "er", "es", "s", "'s", "y"]

    /// Returns what a folded word is without one ending; the word itself is not among it.
    ///
    /// - Parameter word: A folded word.
    /// - Returns: Stems of three letters at least.
    static func stems(of word: String) -> [String] {
        guard let first = word.unicodeScalars.first, word.utf8.count <= 96 else { return [] }
        let endings = first.value < 0x250 ? english : arabic
        return endings.compactMap { ending in
            guard word.hasSuffix(ending) else { return nil }
            let stem = word.dropLast(ending.count)
            return stem.unicodeScalars.count >= 3 ? String(stem) : nil
        }
    }
}
