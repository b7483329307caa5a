internal import CStorage

/// CRC32C, as RFC 3720 has it, by the processor's instruction where there is one.
struct Checksum {
    private(set) var value: UInt32 = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        value = barid_crc32c(value, bytes.baseAddress, bytes.count)
    }

    mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { add($0) }
    }
}
