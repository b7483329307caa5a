internal import BaridText

/// A name where it stands, with the form by which it is compared.
struct NameMention: Sendable {
    let kind: Candidate.Kind

    /// The folded words of the name, clitics taken off.
    let tokens: [String]

    /// Where the whole words stand, clitics and `#` included.
    let range: Range<Int>

    /// Where the name itself begins: behind the clitics.
    let nameStart: Int

    /// What the clitics swallowed of the name: `ا` of `للأمم`.
    let restored: String

    /// Whether the name is written plainly, without clitics or `#`.
    let isPlain: Bool

    let confidence: Double

    /// The tokens as one name.
    var key: String { tokens.joined(separator: " ") }

    /// Makes the mention of a candidate.
    ///
    /// - Parameters:
    ///   - candidate: What was found in the sentence.
    ///   - sentence: Its words.
    ///   - reading: How to read the first word.
    ///   - scalars: The document.
    init?(
        _ candidate: Candidate, in sentence: [Word], reading: CliticReading,
        scalars: [Unicode.Scalar]
    ) {
        let words = sentence[candidate.words.clamped(to: 0..<sentence.count)]
        guard let first = words.first, let last = words.last else { return nil }
        kind = candidate.kind
        confidence = candidate.confidence
        range = first.range.lowerBound..<max(first.range.upperBound, last.range.upperBound)
        tokens = [reading.stem] + words.dropFirst().filter(\.isContent).map(\.text)
        let start = Self.originalStart(of: reading, in: first, scalars)
        nameStart = start
        let covered = first.text.unicodeScalars.count - reading.stemStart
        restored = String(
            String.UnicodeScalarView(
                reading.stem.unicodeScalars.prefix(
                    max(0, reading.stem.unicodeScalars.count - covered))))
        isPlain = reading.prefix.isEmpty && !words.contains(where: \.isHashtag)
    }

    /// The offset in the document at which the rest of a reading begins.
    private static func originalStart(
        of reading: CliticReading, in word: Word, _ scalars: [Unicode.Scalar]
    ) -> Int {
        guard reading.stemStart > 0 else { return word.range.lowerBound }
        let range = word.range.clamped(to: 0..<scalars.count)
        let sign = range.first.map { scalars[$0] == "#" ? 1 : 0 } ?? 0
        let folded = Folding.fold(Array(scalars[range]))
        let stem = folded.originalRange(
            for: (reading.stemStart + sign)..<(reading.stemStart + sign + 1))
        return range.lowerBound + stem.lowerBound
    }
}

extension Word {
    /// Whether the word is more than a mark between words.
    var isContent: Bool { form != .mark }
}
