/// A cursor over the fields of one serialised protobuf message; it allocates nothing.
///
/// Every length is checked against what is left, so no input can make it read outside or trap.
public struct WireScan {
    /// Why bytes are no protobuf message.
    public enum Failure: Error, Sendable, Equatable {
        /// The bytes end inside a field.
        case truncated
        /// A varint has more than ten bytes or more than 64 bits.
        case varint
        /// A field number is 0 or too large, or a wire type is none of 0, 1, 2 and 5.
        case tag
    }

    /// One field.
    public struct Field {
        /// The field's number.
        public var number: Int
        /// The value of a varint or fixed field; 0 otherwise.
        public var value: UInt64
        /// Where the bytes of a length-delimited field lie in the buffer, else `nil`.
        public var range: Range<Int>?
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    private let end: Int

    /// Starts at the first field in `range` of `bytes`, or in all of them.
    @inline(__always)
    public init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>? = nil) {
        self.bytes = bytes
        let whole = 0..<bytes.count
        let clamped = (range ?? whole).clamped(to: whole)
        offset = clamped.lowerBound
        end = clamped.upperBound
    }

    /// The next field, or `nil` after the last.
    @inline(__always)
    public mutating func next() throws(Failure) -> Field? {
        guard offset < end else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0, number < 1 << 29 else { throw .tag }
        switch tag & 7 {
        case 0:
            return Field(number: Int(number), value: try varint(), range: nil)
        case 1:
            return Field(number: Int(number), value: try fixed(8), range: nil)
        case 2:
            let count = try varint()
            guard count <= UInt64(end - offset) else { throw .truncated }
            let start = offset
            offset += Int(count)
            return Field(number: Int(number), value: 0, range: start..<offset)
        case 5:
            return Field(number: Int(number), value: try fixed(4), range: nil)
        default:
            throw .tag
        }
    }

    @inline(__always)
    private mutating func varint() throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end {
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw .varint }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .truncated
    }

    @inline(__always)
    private mutating func fixed(_ count: Int) throws(Failure) -> UInt64 {
        guard end - offset >= count else { throw .truncated }
        var value: UInt64 = 0
        for index in 0..<count {
            value |= UInt64(bytes[offset + index]) << UInt64(8 * index)
        }
        offset += count
        return value
    }
}
