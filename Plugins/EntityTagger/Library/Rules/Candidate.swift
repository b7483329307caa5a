/// A name found in a sentence, before the document is looked at as a whole.
struct Candidate: Hashable, Sendable {
    enum Kind: Int, Hashable, Sendable, CaseIterable {
        case person, place, organisation
    }

    let kind: Kind

    /// The words it is made of, by their numbers in the sentence.
    let words: Range<Int>

    /// How sure the finder is, 0 to 1.
    let confidence: Double
}
