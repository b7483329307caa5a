/// What the sequence model looks at: hashed features of every word of a sentence.
///
/// The same code feeds training, so that what is learnt is what is seen.
enum Features {
    /// Bits of a hashed feature.
    static let bits: UInt32 = 24

    /// Returns the features of each word.
    ///
    /// - Parameters:
    ///   - sentence: The words of one sentence.
    ///   - rules: What the rules say of each word, one label a word.
    /// - Returns: Hashes, one array a word.
    static func extract(from sentence: [Word], rules: [Label]) -> [[UInt32]] {
        let facts = zip(sentence, rules).map { Fact(of: $0, rule: $1) }
        return facts.indices.map { features(at: $0, facts) }
    }

    /// What one word tells by itself, each part hashed once.
    private struct Fact {
        var text: UInt32 = 1
        var stem: UInt32 = 1
        var prefix: UInt32 = 1
        var classes: UInt32 = 0
        var rule: UInt32 = 0
        var context: UInt32 = 0
        var shape: UInt32 = 0
        var pieces: [UInt32] = []

        /// The edge of a sentence.
        init() {}

        init(of word: Word, rule: Label) {
            text = Features.hash(word.text.unicodeScalars)
            stem = word.hasClitic ? Features.hash(word.stem.unicodeScalars) : text
            prefix = Features.hash(word.reading.prefix.unicodeScalars)
            classes = UInt32(word.stemClasses.rawValue)
            self.rule = UInt32(rule.rawValue)
            switch word.form {
            case .arabic: shape = (word.isDefinite ? 3 : 2) + (word.isNationality ? 8 : 0)
            case .latin: shape = word.isCapitalised ? 5 : 4
            case .otherScript: shape = 6
            case .number:
                shape = 7
                text = UInt32(min(word.text.utf8.count, 12))
                stem = text
            case .mark: shape = 1
            }
            if Vocabulary.roles.contains(word.stem) { context |= 1 }
            if Vocabulary.organisationHeads.contains(word.stem) { context |= 2 }
            if Vocabulary.placeHeads.contains(word.stem) { context |= 4 }
            if Vocabulary.speech.contains(word.stem) { context |= 8 }
            if Vocabulary.nameParticles.contains(word.text) { context |= 16 }
            if Vocabulary.commonAdjectives.contains(word.stem) { context |= 32 }
            if word.isWord { addPieces(of: Array(word.stem.unicodeScalars.prefix(24))) }
        }

        /// The first and last one to four letters, and every three in a row.
        private mutating func addPieces(of letters: [Unicode.Scalar]) {
            for length in 1...4 where letters.count > length {
                pieces.append(Features.mix(101, Features.hash(letters.prefix(length))))
                pieces.append(Features.mix(102, Features.hash(letters.suffix(length))))
            }
            guard letters.count >= 4 else { return }
            for start in 0...(letters.count - 3) where start < 10 {
                pieces.append(Features.mix(103, Features.hash(letters[start..<(start + 3)])))
            }
        }
    }

    private static let edge = Fact()

    private static func features(at index: Int, _ facts: [Fact]) -> [UInt32] {
        func fact(_ offset: Int) -> Fact {
            let place = index + offset
            return place >= 0 && place < facts.count ? facts[place] : edge
        }
        let this = fact(0)
        let before = fact(-1)
        let after = fact(1)
        let before2 = fact(-2)
        let after2 = fact(2)
        let look = this.shape << 8 | this.context
        let lookBefore = before.shape << 8 | before.context
        let lookAfter = after.shape << 8 | after.context
        return this.pieces + [
            mix(1, 0),
            mix(2, this.text), mix(3, this.stem), mix(4, before.text), mix(5, before.stem),
            mix(6, after.text), mix(7, after.stem), mix(8, before2.stem), mix(9, after2.stem),
            mix(10, before.stem, this.stem), mix(11, this.stem, after.stem), mix(12, this.prefix),
            mix(13, this.classes), mix(14, before.classes), mix(15, after.classes),
            mix(16, before2.classes), mix(17, after2.classes),
            mix(18, before.classes, this.classes), mix(19, this.classes, after.classes),
            mix(20, this.classes, this.prefix, this.shape),
            mix(21, this.rule), mix(22, before.rule), mix(23, after.rule),
            mix(24, this.rule, this.classes), mix(25, this.rule, this.stem),
            mix(26, before.rule, this.rule), mix(27, this.rule, after.rule),
            mix(28, look), mix(29, lookBefore), mix(30, lookAfter),
            mix(31, lookBefore, this.shape), mix(32, lookBefore, this.classes),
            mix(33, before2.context, lookBefore, this.classes), mix(34, look, after.shape),
            mix(35, before.stem, this.classes), mix(36, this.classes, after.stem),
        ]
    }

    /// FNV-1a over the scalars of a word, of which the first 64 tell enough.
    private static func hash(_ scalars: some Sequence<Unicode.Scalar>) -> UInt32 {
        var state: UInt32 = 2_166_136_261
        for scalar in scalars.prefix(64) {
            state = (state ^ (scalar.value & 0xFF)) &* 16_777_619
            state = (state ^ (scalar.value >> 8)) &* 16_777_619
        }
        return state
    }

    /// One feature: what it is about and the hashes of its parts.
    private static func mix(
        _ kind: UInt32, _ first: UInt32, _ second: UInt32 = 0, _ third: UInt32 = 0
    ) -> UInt32 {
        var state = UInt64(kind) &* 0x9E37_79B9_7F4A_7C15
        func add(_ part: UInt32) {
            state = (state ^ UInt64(part)) &* 0xFF51_AFD7_ED55_8CCD
            state ^= state >> 32
        }
        add(first)
        add(second)
        add(third)
        return UInt32(truncatingIfNeeded: state) & ((1 << bits) - 1)
    }
}
