/// A pattern on dotted names: segments, `*` for one, a final `>` for one or more.
///
/// The same rules as those of a group's filter (Protocols/2-bus §4); here they say what a key may
/// name, so a pattern can also be asked whether it covers all that another one matches.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern that matches every name.
    public static let all = NamePattern(segments: [">"])

    private let segments: [String]

    private init(segments: [String]) {
        self.segments = segments
    }

    /// Reads a pattern; nil if a segment is empty, has characters no name has, or `>` is not the last.
    ///
    /// - Parameter text: At most 255 bytes.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 255 else { return nil }
        let segments = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for (index, segment) in segments.enumerated() {
            switch segment {
            case "*": continue
            case ">": guard index == segments.count - 1 else { return nil }
            default: guard Self.isName(segment) else { return nil }
            }
        }
        self.segments = segments
    }

    /// The pattern as it is written.
    public var description: String { segments.joined(separator: ".") }

    /// Whether a name matches.
    ///
    /// - Parameter name: A name without wildcards.
    /// - Returns: False also for what is no name, such as one with wildcards.
    public func matches(_ name: String) -> Bool {
        guard !name.contains(where: { $0 == "*" || $0 == ">" }) else { return false }
        return covers(name)
    }

    /// Whether every name that another pattern matches is matched by this one as well.
    ///
    /// - Parameter other: A pattern or a name, as text.
    /// - Returns: False also for a malformed one.
    public func covers(_ other: String) -> Bool {
        let theirs = other.split(separator: ".", omittingEmptySubsequences: false)
        guard !theirs.contains(where: \.isEmpty) else { return false }
        for (index, segment) in segments.enumerated() {
            guard index < theirs.count else { return false }
            switch segment {
            case ">": return true
            case "*": guard theirs[index] != ">" else { return false }
            default: guard theirs[index] == segment else { return false }
            }
        }
        return theirs.count == segments.count
    }

    /// Letters, digits, `-` and `_`, which every type, service, topic and group is made of.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
