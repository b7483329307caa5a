/// Reads the protobuf wire format; every length is checked against what is there.
struct WireReader {
    /// A field's value as it stands.
    enum Value: Equatable {
        case varint(UInt64)
        case fixed64(UInt64)
        case delimited(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next field, or `nil` at the end.
    mutating func field() throws(ReflectionError) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        guard let number = Int(exactly: tag >> 3), (1...0x1FFF_FFFF).contains(number) else {
            throw ReflectionError("field number \(tag >> 3)")
        }
        guard let type = WireType(rawValue: UInt8(tag & 7)) else {
            throw ReflectionError("wire type \(tag & 7) of field \(number)")
        }
        switch type {
        case .varint: return (number, .varint(try varint()))
        case .fixed64: return (number, .fixed64(try fixed64()))
        case .fixed32: return (number, .fixed32(try fixed32()))
        case .delimited:
            let count = try varint()
            guard count <= UInt64(rest.count) else {
                throw ReflectionError(
                    "field \(number) has \(count) bytes, and \(rest.count) are left")
            }
            let content = rest.prefix(Int(count))
            rest = rest.dropFirst(Int(count))
            return (number, .delimited(content))
        }
    }

    mutating func varint() throws(ReflectionError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw ReflectionError("a number is cut short") }
            // Of a tenth byte one bit counts; more is what writers of 32 bits may leave.
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw ReflectionError("a number has more than ten bytes")
    }

    mutating func fixed32() throws(ReflectionError) -> UInt32 {
        UInt32(truncatingIfNeeded: try fixed(4))
    }

    mutating func fixed64() throws(ReflectionError) -> UInt64 { try fixed(8) }

    private mutating func fixed(_ count: Int) throws(ReflectionError) -> UInt64 {
        guard rest.count >= count else { throw ReflectionError("a number is cut short") }
        var value: UInt64 = 0
        for byte in rest.prefix(count).reversed() { value = value << 8 | UInt64(byte) }
        rest = rest.dropFirst(count)
        return value
    }
}
