/// The one matching form of Barid: what is equal here is the same word to search, tagger and lists.
///
/// - Arabic: vowel marks, Quranic marks and tatweel go; أ إ آ ٱ → ا, ى → ي, ة → ه, ؤ → و, ئ → ي;
///   presentation forms become letters (a lam-alef ligature two); Persian and Urdu ک ی ہ → ك ي ه.
/// - Digits: Arabic-Indic and Persian → ASCII, with their decimal and thousands separators.
/// - Latin, Greek, Cyrillic, Armenian: case is folded and marks are stripped (é → e, ß → ss).
/// - Bidi controls, zero-width characters and variation selectors go; every space is U+0020, a
///   curly apostrophe is `'`. Line breaks, punctuation and other scripts stay.
///
/// Folding twice gives the same as folding once, and canonically equal texts fold alike. Stored
/// text is never replaced by its folded form: the map back is what offsets are made from.
public enum Folding {
    /// Folds text, keeping the way back to its scalars.
    ///
    /// - Parameter text: Any text, at most 2^31 scalars.
    /// - Returns: The folded scalars and their map.
    public static func fold(_ text: String) -> FoldedText {
        fold(text.unicodeScalars, capacity: text.utf8.count / 2)
    }

    /// Folds scalars, keeping the way back to their offsets.
    ///
    /// - Parameter scalars: Any scalars, at most 2^31.
    /// - Returns: The folded scalars and their map.
    public static func fold(_ scalars: [Unicode.Scalar]) -> FoldedText {
        fold(scalars, capacity: scalars.count)
    }

    /// Returns the matching form of a text without a map: the key of dictionaries and lists.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Its folded form.
    public static func key(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        let table = FoldingTable.shared
        for scalar in text.unicodeScalars {
            append(scalar, table) { folded in
                if folded.isASCII {
                    bytes.append(UInt8(truncatingIfNeeded: folded.value))
                } else {
                    bytes.append(
                        contentsOf: UTF8.encode(folded) ?? UTF8.encodedReplacementCharacter)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func fold(
        _ scalars: some Sequence<Unicode.Scalar>, capacity: Int
    ) -> FoldedText {
        let table = FoldingTable.shared
        var folded: [Unicode.Scalar] = []
        var starts: [Int32] = []
        var ends: [Int32] = []
        folded.reserveCapacity(capacity)
        starts.reserveCapacity(capacity)
        ends.reserveCapacity(capacity)
        var offset: Int32 = 0
        // Where the last kept letter or mark ended: a mark prolongs only what it touches.
        for scalar in scalars {
            let next = offset &+ 1
            let isMark = append(scalar, table) {
                folded.append($0)
                starts.append(offset)
                ends.append(next)
            }
            if isMark, let last = ends.indices.last, ends[last] == offset {
                // Both halves of a ligature end with its marks.
                var index = last
                let start = starts[last]
                while index >= 0, starts[index] == start {
                    ends[index] = next
                    index -= 1
                }
            }
            offset = next
        }
        return FoldedText(
            scalars: folded, originalCount: Int(offset), starts: starts, ends: ends)
    }

    /// Hands the folded form of one scalar to `body`; true when it is a mark of the one before.
    @inline(__always) @discardableResult
    private static func append(
        _ scalar: Unicode.Scalar, _ table: FoldingTable, _ body: (Unicode.Scalar) -> Void
    ) -> Bool {
        guard scalar.value < 0x10000 else {
            // Tags and the supplementary variation selectors show nothing.
            if !(0xE0000...0xE0FFF).contains(scalar.value) { body(scalar) }
            return false
        }
        let entry = table.entries[Int(scalar.value)]
        if entry == FoldingTable.droppedMark { return true }
        if entry == FoldingTable.dropped { return false }
        if let only = Unicode.Scalar(entry) {
            body(only)
        } else {
            for scalar in table.sequences[Int(entry - FoldingTable.firstSequence)] { body(scalar) }
        }
        return false
    }
}
