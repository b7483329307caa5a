/// What the sequence model looks at: hashed features of every word of a sentence.
///
/// The same code feeds training, so that what is learnt is what is seen.
struct Features: Sendable {
    let adjectives: Adjectives

    /// Bits of a hashed feature.
    static let bits = 24

    /// Returns the features of each word.
    ///
    /// - Parameters:
    ///   - sentence: The words of one sentence.
    ///   - rules: What the rules say of each word.
    /// - Returns: Hashes, one array a word.
    func extract(from sentence: [Word], rules: [Label]) -> [[UInt32]] {
        let facts = sentence.indices.map { fact(of: sentence[$0], rule: rules[$0]) }
        return sentence.indices.map { features(at: $0, facts) }
    }

    /// What one word tells by itself.
    private struct Fact {
        var text = "^"
        var stem = "^"
        var prefix = ""
        var classes = 0
        var rule = 0
        var context = ""
        var shape = ""
        var letters: [Unicode.Scalar] = []
    }

    private static let edge = Fact()

    private func fact(of word: Word, rule: Label) -> Fact {
        var fact = Fact()
        let isShort = word.text.utf8.count <= 64
        fact.text = isShort ? word.text : "…"
        fact.stem = isShort ? word.stem : "…"
        fact.prefix = word.reading.prefix
        fact.classes = Int(word.stemClasses.rawValue)
        fact.rule = rule.rawValue
        fact.letters = isShort ? Array(word.stem.unicodeScalars) : []
        switch word.form {
        case .arabic:
            fact.shape = word.isDefinite ? "d" : "a"
            if adjectives.isNationality(word.stem) { fact.shape += "n" }
        case .latin: fact.shape = word.isCapitalised ? "L" : "l"
        case .otherScript: fact.shape = "o"
        case .number:
            fact.shape = "9"
            fact.text = "9\(word.text.utf8.count)"
            fact.stem = fact.text
        case .mark: fact.shape = "."
        }
        if Vocabulary.roles.contains(word.stem) { fact.context += "r" }
        if Vocabulary.organisationHeads.contains(word.stem) { fact.context += "o" }
        if Vocabulary.placeHeads.contains(word.stem) { fact.context += "p" }
        if Vocabulary.speech.contains(word.stem) { fact.context += "s" }
        if Vocabulary.nameParticles.contains(word.text) { fact.context += "b" }
        if Vocabulary.commonAdjectives.contains(word.stem) { fact.context += "j" }
        return fact
    }

    private func features(at index: Int, _ facts: [Fact]) -> [UInt32] {
        func fact(_ offset: Int) -> Fact {
            let place = index + offset
            return place >= 0 && place < facts.count ? facts[place] : Self.edge
        }
        let this = fact(0)
        let before = fact(-1)
        let after = fact(1)
        let before2 = fact(-2)
        let after2 = fact(2)
        var hashes: [UInt32] = []
        hashes.reserveCapacity(48)
        func add(_ name: StaticString, _ parts: String...) {
            var hash = FeatureHash(name)
            for part in parts { hash.add(part) }
            hashes.append(hash.value)
        }
        add("bias")
        add("w", this.text)
        add("s", this.stem)
        add("w-1", before.text)
        add("s-1", before.stem)
        add("w+1", after.text)
        add("s+1", after.stem)
        add("s-2", before2.stem)
        add("s+2", after2.stem)
        add("s-1s", before.stem, this.stem)
        add("ss+1", this.stem, after.stem)
        add("x", this.prefix)
        let letters = this.letters
        for length in 1...4 where letters.count > length {
            add("pre", String(String.UnicodeScalarView(letters.prefix(length))))
            add("suf", String(String.UnicodeScalarView(letters.suffix(length))))
        }
        if letters.count >= 4 {
            for start in 0...(letters.count - 3) where start < 10 {
                add("tri", String(String.UnicodeScalarView(letters[start..<(start + 3)])))
            }
        }
        let classes = String(this.classes)
        let classesBefore = String(before.classes)
        let classesAfter = String(after.classes)
        add("c", classes)
        add("c-1", classesBefore)
        add("c+1", classesAfter)
        add("c-2", String(before2.classes))
        add("c+2", String(after2.classes))
        add("c-1c", classesBefore, classes)
        add("cc+1", classes, classesAfter)
        add("cxs", classes, this.prefix, this.shape)
        let rule = String(this.rule)
        add("r", rule)
        add("r-1", String(before.rule))
        add("r+1", String(after.rule))
        add("rc", rule, classes)
        add("rw", rule, this.stem)
        add("r-1r", String(before.rule), rule)
        add("rr+1", rule, String(after.rule))
        add("h", this.shape, this.context)
        add("h-1", before.shape, before.context)
        add("h+1", after.shape, after.context)
        add("h-1h", before.shape, before.context, this.shape)
        add("h-1c", before.shape, before.context, classes)
        add("h-2h-1c", before2.context, before.context, before.shape, classes)
        add("hh+1", this.shape, this.context, after.shape)
        add("s-1c", before.stem, classes)
        add("cs+1", classes, after.stem)
        return hashes
    }
}

/// A running hash (FNV-1a) of the parts of a feature.
private struct FeatureHash {
    private var state: UInt32 = 2_166_136_261

    init(_ name: StaticString) {
        name.withUTF8Buffer { for byte in $0 { add(byte) } }
    }

    mutating func add(_ part: String) {
        add(0xFF)
        for byte in part.utf8 { add(byte) }
    }

    private mutating func add(_ byte: UInt8) {
        state = (state ^ UInt32(byte)) &* 16_777_619
    }

    /// The upper bits are folded into the lower ones.
    var value: UInt32 {
        (state >> UInt32(Features.bits)) ^ (state & ((1 << UInt32(Features.bits)) - 1))
    }
}
