/// The folding of every scalar of the basic plane, as one flat array.
///
/// An entry is the scalar itself, or lies in the range of the surrogates, which no scalar has:
///
///     D800 ... D800+n   index into ``sequences``: folds to several scalars
///     DFFE              dropped, belongs to the letter before it (a mark)
///     DFFF              dropped, belongs to nothing (bidi control, zero width)
struct FoldingTable: Sendable {
    static let shared = FoldingTable()

    static let droppedMark: UInt16 = 0xDFFE
    static let dropped: UInt16 = 0xDFFF
    static let firstSequence: UInt16 = 0xD800

    let entries: [UInt16]
    let sequences: [[Unicode.Scalar]]

    private init() {
        var entries = [UInt16](repeating: 0, count: 0x10000)
        var sequences: [[Unicode.Scalar]] = []
        for value in entries.indices { entries[value] = UInt16(value) }

        for range in Self.marks {
            for value in range { entries[value] = Self.droppedMark }
        }
        for range in Self.invisible {
            for value in range { entries[value] = Self.dropped }
        }
        for range in Self.spaces {
            for value in range { entries[value] = 0x20 }
        }
        for value in [0x2018, 0x2019, 0x201B] { entries[value] = 0x27 }
        for value in [0x2010, 0x2011] { entries[value] = 0x2D }
        for value in 0x41...0x5A { entries[value] = UInt16(value + 0x20) }

        for mapping in Self.mappings.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let colon = mapping.firstIndex(of: ":") else { continue }
            let bounds = mapping[..<colon].split(separator: "-").compactMap { Int($0, radix: 16) }
            guard let first = bounds.first, let last = bounds.last, first <= last else { continue }
            let target = mapping[mapping.index(after: colon)...].unicodeScalars
                .map { $0 == "_" ? " " : $0 }
            let entry: UInt16
            if let only = target.first, target.count == 1 {
                entry = UInt16(truncatingIfNeeded: only.value)
            } else if target.isEmpty {
                entry = Self.droppedMark
            } else {
                entry = Self.firstSequence + UInt16(sequences.count)
                sequences.append(target)
            }
            for value in first...last where value < entries.count { entries[value] = entry }
        }
        self.entries = entries
        self.sequences = sequences
    }

    /// Tashkeel and Quranic marks, tatweel, and the combining marks of other scripts.
    private static let marks: [ClosedRange<Int>] = [
        0x300...0x36F, 0x483...0x489, 0x610...0x61A, 0x640...0x640, 0x64B...0x65F, 0x670...0x670,
        0x6D6...0x6DC, 0x6DF...0x6E4, 0x6E7...0x6E8, 0x6EA...0x6ED, 0x8D3...0x8FF,
        0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20F0, 0xFE20...0xFE2F,
    ]

    /// Bidi controls, zero-width characters, soft hyphen, variation selectors.
    private static let invisible: [ClosedRange<Int>] = [
        0xAD...0xAD, 0x61C...0x61C, 0x180B...0x180E, 0x200B...0x200F, 0x202A...0x202E,
        0x2060...0x206F, 0xFE00...0xFE0F, 0xFEFF...0xFEFF,
    ]

    private static let spaces: [ClosedRange<Int>] = [
        0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x202F...0x202F, 0x205F...0x205F,
        0x3000...0x3000,
    ]
}
