/// Reads big-endian fields off the front of some bytes and refuses to read past their end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - offset }

    mutating func take(_ count: Int) throws(FrameError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw .malformed("a field needs \(count) bytes where \(remaining) are left")
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(FrameError) -> Value {
        let field = try take(MemoryLayout<Value>.size)
        return Value(bigEndian: field.loadUnaligned(as: Value.self))
    }

    mutating func text(_ count: Int) throws(FrameError) -> String {
        let field = try take(count)
        guard let text = String(validating: field, as: UTF8.self) else {
            throw .malformed("a text field is not UTF-8")
        }
        return text
    }

    /// Refuses bytes left over after the last field.
    func end() throws(FrameError) {
        guard remaining == 0 else {
            throw .malformed("\(remaining) bytes are left over after the last field")
        }
    }
}

extension [UInt8] {
    mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(bigEndian value: Value) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends text after its length in 16 bits, cut at a character if it is longer than `maximum`.
    mutating func append(text: String, cutAt maximum: Int) {
        var text = Substring(text)
        while text.utf8.count > maximum {
            // A character is four bytes or a cluster of more, so this cuts little too much.
            text = text.dropLast((text.utf8.count - maximum + 3) / 4)
        }
        append(bigEndian: UInt16(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
