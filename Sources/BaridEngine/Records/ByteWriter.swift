/// Builds the bytes of records and snapshots: varints, fixed words, strings by length.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func varint(_ value: Int) {
        varint(UInt64(clamping: value))
    }

    mutating func fixed(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func fixed(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func time(_ value: Int64) {
        fixed(UInt64(bitPattern: value))
    }

    mutating func string(_ value: String) {
        varint(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func blob(_ value: ArraySlice<UInt8>) {
        varint(value.count)
        bytes.append(contentsOf: value)
    }

    /// Ranges as first bound, then gaps and lengths, which are small.
    mutating func ranges(_ value: [ClosedRange<UInt64>]) {
        varint(value.count)
        var previous: UInt64 = 0
        for range in value {
            varint(range.lowerBound &- previous)
            varint(range.upperBound &- range.lowerBound)
            previous = range.upperBound
        }
    }
}
