/// Builds the fixed headers of files.
struct LittleEndianWriter {
    var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(64)
    }

    mutating func add<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The checksum of some numbers and what was written so far.
    func checksum(after numbers: [UInt64]) -> UInt32 {
        bytes[...].checksum(after: numbers)
    }

    /// What was written, behind its checksum.
    func behindChecksum(after numbers: [UInt64]) -> [UInt8] {
        var result = LittleEndianWriter()
        result.add(checksum(after: numbers))
        return result.bytes + bytes
    }
}

/// Reads the fixed headers of files; `nil` where the bytes end.
struct LittleEndianReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func next<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard rest.count >= size else { return nil }
        defer { rest = rest.dropFirst(size) }
        return rest.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    mutating func skip(_ count: Int) {
        rest = rest.dropFirst(count)
    }

    /// The next bytes, without going on.
    func prefix(_ count: Int) -> ArraySlice<UInt8>? {
        rest.count >= count ? rest.prefix(count) : nil
    }
}

extension ArraySlice<UInt8> {
    /// The checksum of some numbers and these bytes.
    func checksum(after numbers: [UInt64]) -> UInt32 {
        var checksum = Checksum()
        for number in numbers { checksum.add(number) }
        withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }
}
