/// A fast hash for data whose forger would fool only himself: event bodies, jitter, state.
enum Mixer {
    /// Mixes one word into a running hash.
    @inline(__always)
    static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word ^ 0xa076_1d64_78bd_642f)
            .multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low &+ hash << 1
    }

    /// Mixes bytes, and their number, into a running hash.
    @inline(__always)
    static func mix(_ seed: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = mix(seed, UInt64(truncatingIfNeeded: bytes.count))
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            hash = mix(
                hash,
                UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last: UInt64 = 0
        while offset < bytes.count {
            last = last << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return mix(hash, last)
    }
}
