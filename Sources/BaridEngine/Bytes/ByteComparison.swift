/// Compares bytes a word at a time: this is done for every event, and `elementsEqual` takes one byte
/// after the other out of an iterator.
enum ByteComparison {
    /// Whether both are the same bytes.
    @inline(__always)
    static func isEqual(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
        right.withUnsafeBytes { right in
            guard left.count == right.count else { return false }
            let whole = left.count & ~7
            var offset = 0
            while offset < whole {
                guard
                    left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                        == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                else { return false }
                offset += 8
            }
            while offset < left.count {
                guard left[offset] == right[offset] else { return false }
                offset += 1
            }
            return true
        }
    }
}
