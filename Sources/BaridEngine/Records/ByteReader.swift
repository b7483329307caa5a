/// Takes apart the bytes of records and snapshots; every read is checked.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - offset }

    mutating func byte() throws(RecordFailure) -> UInt8 {
        guard remaining > 0 else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func varint() throws(RecordFailure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw .malformed }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    mutating func bool() throws(RecordFailure) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw .malformed
        }
    }

    mutating func varint32() throws(RecordFailure) -> UInt32 {
        guard let value = UInt32(exactly: try varint()) else { throw .malformed }
        return value
    }

    /// A number of things of which each takes at least `minimumSize` bytes.
    mutating func count(minimumSize: Int = 1) throws(RecordFailure) -> Int {
        let value = try varint()
        guard value <= UInt64(remaining / max(minimumSize, 1)) else { throw .truncated }
        return Int(value)
    }

    mutating func fixed64() throws(RecordFailure) -> UInt64 {
        guard remaining >= 8 else { throw .truncated }
        defer { offset += 8 }
        return bytes.withUnsafeBytes {
            UInt64(
                littleEndian: $0.loadUnaligned(
                    fromByteOffset: offset - bytes.startIndex, as: UInt64.self))
        }
    }

    mutating func fixed32() throws(RecordFailure) -> UInt32 {
        guard remaining >= 4 else { throw .truncated }
        defer { offset += 4 }
        return bytes.withUnsafeBytes {
            UInt32(
                littleEndian: $0.loadUnaligned(
                    fromByteOffset: offset - bytes.startIndex, as: UInt32.self))
        }
    }

    mutating func time() throws(RecordFailure) -> Int64 {
        Int64(bitPattern: try fixed64())
    }

    mutating func slice(_ count: Int) throws(RecordFailure) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func string() throws(RecordFailure) -> String {
        let raw = try slice(try count())
        guard let value = String(validating: raw, as: UTF8.self) else { throw .malformed }
        return value
    }

    mutating func blob() throws(RecordFailure) -> ArraySlice<UInt8> {
        try slice(try count())
    }

    mutating func ranges() throws(RecordFailure) -> [ClosedRange<UInt64>] {
        let count = try count(minimumSize: 2)
        var result: [ClosedRange<UInt64>] = []
        result.reserveCapacity(count)
        var previous: UInt64 = 0
        for _ in 0..<count {
            let (lower, overflow) = previous.addingReportingOverflow(try varint())
            let (upper, overflowed) = lower.addingReportingOverflow(try varint())
            guard !overflow, !overflowed, upper < .max else { throw .malformed }
            result.append(lower...upper)
            previous = upper
        }
        return result
    }

    /// Nothing may follow.
    func finish() throws(RecordFailure) {
        guard remaining == 0 else { throw .malformed }
    }
}

/// Why bytes of the log or of a snapshot cannot be used.
public enum RecordFailure: Error, Sendable, Equatable {
    /// The bytes end too early.
    case truncated
    /// The bytes hold an impossible value, or more than they should.
    case malformed
    /// The kind is none this version knows.
    case unknownKind(UInt8)
    /// The version of the snapshot is none this version reads.
    case unknownVersion(UInt8)
    /// The record does not fit the state before it.
    case inconsistent(String)
}
