/// Text in matching form, with the way back to the scalars it came from.
///
/// A folded scalar may stand for several original ones (a letter and its vowel marks), several
/// folded scalars for one original (a lam-alef ligature), and original scalars may have no folded
/// one (a bidi mark). Ranges outside the text are cut to it; no call here traps.
public struct FoldedText: Sendable {
    /// The folded scalars.
    public let scalars: [Unicode.Scalar]

    /// How many scalars the original text has.
    public let originalCount: Int

    /// For each folded scalar where its original starts, and where it ends with its marks.
    let starts: [Int32]
    let ends: [Int32]

    /// The folded text as a string.
    public var string: String { string(in: 0..<scalars.count) }

    /// Returns the folded text in a range of folded scalars.
    public func string(in range: Range<Int>) -> String {
        String(scalars: scalars, in: range)
    }

    /// Returns the original range that a range of folded scalars stands for.
    ///
    /// Vowel marks and tatweel after the last letter are part of it; invisible characters at
    /// either edge are not.
    ///
    /// - Parameter folded: A range of folded scalars; empty gives an empty range.
    /// - Returns: A range of original scalar offsets.
    public func originalRange(for folded: Range<Int>) -> Range<Int> {
        let range = folded.clamped(to: 0..<scalars.count)
        guard !range.isEmpty else {
            let at = range.lowerBound < starts.count ? Int(starts[range.lowerBound]) : originalCount
            return at..<at
        }
        let start = Int(starts[range.lowerBound])
        return start..<max(start, Int(ends[range.upperBound - 1]))
    }

    /// Returns the folded range that lies within a range of original scalars.
    ///
    /// - Parameter original: A range of original scalar offsets.
    /// - Returns: The folded scalars whose originals start in it; empty when there are none.
    public func foldedRange(for original: Range<Int>) -> Range<Int> {
        let lower = firstFolded(startingAtOrAfter: original.lowerBound)
        let upper = firstFolded(startingAtOrAfter: original.upperBound)
        return lower..<max(lower, upper)
    }

    private func firstFolded(startingAtOrAfter offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if Int(starts[middle]) < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
