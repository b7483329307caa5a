/// A pattern on event types: dot-separated segments, `*` for one, a final `>` for one or more.
public struct TypePattern: Sendable, Hashable {
    /// The pattern as written.
    public let text: String
    private let bytes: [UInt8]

    /// Creates a pattern.
    ///
    /// - Returns: `nil` if a segment is empty, `>` is not the last segment, a wildcard is only
    ///   part of a segment, or the text is longer than 255 bytes.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 255 else { return nil }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            guard !segment.isEmpty else { return nil }
            let wild = segment.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: ">") }
            guard !wild || segment.count == 1 else { return nil }
            guard segment.first != UInt8(ascii: ">") || index == segments.count - 1 else {
                return nil
            }
        }
        self.text = text
        self.bytes = bytes
    }

    /// Whether an event type, as bytes, matches.
    public func matches(_ type: UnsafeRawBufferPointer) -> Bool {
        let dot = UInt8(ascii: ".")
        var inPattern = 0
        var inType = 0
        while inPattern < bytes.count {
            guard inType < type.count else { return false }
            switch bytes[inPattern] {
            case UInt8(ascii: ">"):
                return true
            case UInt8(ascii: "*"):
                guard type[inType] != dot else { return false }
                while inType < type.count, type[inType] != dot { inType += 1 }
                inPattern += 1
            default:
                while inPattern < bytes.count, bytes[inPattern] != dot {
                    guard inType < type.count, type[inType] == bytes[inPattern] else {
                        return false
                    }
                    inPattern += 1
                    inType += 1
                }
            }
            if inPattern == bytes.count { return inType == type.count }
            guard inType < type.count, type[inType] == dot else { return false }
            inPattern += 1
            inType += 1
        }
        return inType == type.count
    }

    /// Whether an event type matches.
    public func matches(_ type: String) -> Bool {
        var copy = type
        return copy.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }
}
