/// Where some of a segment's entries are: enough to begin reading near any of them.
struct SegmentIndex: Equatable {
    private(set) var positions: [UInt64] = []
    private(set) var offsets: [UInt64] = []

    /// Takes note of an entry, unless one not far before it is known.
    mutating func note(position: UInt64, offset: Int, every distance: Int) {
        if let last = offsets.last, offset < Int(clamping: last).saturatingAdd(distance) { return }
        positions.append(position)
        offsets.append(UInt64(offset))
    }

    /// Offset and position of the last known entry at or before a position.
    func entry(before position: UInt64) -> (position: UInt64, offset: Int)? {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] <= position { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        return (positions[low - 1], Int(clamping: offsets[low - 1]))
    }

    func encode() -> [UInt8] {
        var writer = LittleEndianWriter()
        for (position, offset) in zip(positions, offsets) {
            writer.add(position)
            writer.add(offset)
        }
        return writer.bytes
    }

    init() {}

    /// Reads an index whose bytes were checked; `nil` when they are no index all the same.
    init?(_ bytes: [UInt8]) {
        var reader = LittleEndianReader(bytes[...])
        while let position = reader.next(UInt64.self), let offset = reader.next(UInt64.self) {
            guard positions.last.map({ $0 < position }) ?? true else { return nil }
            positions.append(position)
            offsets.append(offset)
        }
    }
}

extension Int {
    /// The sum, or the largest number there is.
    func saturatingAdd(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
