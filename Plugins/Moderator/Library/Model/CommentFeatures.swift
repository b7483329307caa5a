/// What the comment model looks at: hashed words, pairs of words and pieces of words.
///
/// The same code feeds training, so that what is learnt is what is seen.
enum CommentFeatures {
    /// Bits of a hashed feature.
    static let bits = 24

    /// At most this many words of a comment are looked at; longer ones are no comments.
    private static let mostWords = 2000
    private static let longestWord = 32

    /// Returns the features of a text, with the word each belongs to.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - lexiconScore: What the lexicon says of it, 0 to 1.
    /// - Returns: Hashes, each once, and the number of the first word that gave it; -1 for none.
    static func extract(
        from text: ModeratedText, lexiconScore: Double
    ) -> [(hash: UInt32, word: Int)] {
        var seen: Set<UInt32> = []
        var features: [(hash: UInt32, word: Int)] = []
        func add(_ hash: UInt32, _ word: Int) {
            let folded = (hash >> UInt32(bits)) ^ (hash & ((1 << UInt32(bits)) - 1))
            if seen.insert(folded).inserted { features.append((folded, word)) }
        }
        add(hash("b", []), -1)
        add(hash("l\(Int(lexiconScore * 5))", []), -1)
        var before: [Unicode.Scalar] = []
        for (number, word) in text.words.prefix(mostWords).enumerated() {
            let letters = Array(word.squeezed.unicodeScalars.prefix(longestWord))
            guard !letters.isEmpty else { continue }
            add(hash("w", letters), number)
            add(hash("p", before + [" "] + letters), number)
            let padded: [Unicode.Scalar] = [" "] + letters + [" "]
            for length in 2...5 where padded.count >= length {
                for start in 0...(padded.count - length) {
                    add(hash("c", padded[start..<(start + length)]), number)
                }
            }
            before = letters
        }
        return features
    }

    /// FNV-1a over the scalars.
    private static func hash(
        _ name: String, _ scalars: some Sequence<Unicode.Scalar>
    ) -> UInt32 {
        var state: UInt32 = 2_166_136_261
        func add(_ byte: UInt32) { state = (state ^ (byte & 0xFF)) &* 16_777_619 }
        for byte in name.utf8 { add(UInt32(byte)) }
        for scalar in scalars {
            add(scalar.value)
            add(scalar.value >> 8)
            add(scalar.value >> 16)
        }
        return state
    }
}
