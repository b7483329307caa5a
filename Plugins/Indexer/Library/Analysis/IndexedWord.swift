/// One word of a text as the index sees it.
struct IndexedWord {
    /// The folded word.
    let folded: ArraySlice<Unicode.Scalar>

    /// Where it stands in the original text, in scalars, its vowel marks included.
    let range: Range<Int>
}
