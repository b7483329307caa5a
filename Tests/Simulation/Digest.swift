/// A running hash (FNV-1a, 64 bits) for digests of runs and hashes of bodies.
struct Digest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { fold(byte) }
        fold(0)
    }

    mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            fold(UInt8(truncatingIfNeeded: number >> Int64(shift)))
        }
    }

    private mutating func fold(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
