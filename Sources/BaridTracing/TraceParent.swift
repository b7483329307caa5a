/// A W3C `traceparent`: to which trace something belongs, and which span of it it is.
public struct TraceParent: Hashable, Sendable, CustomStringConvertible {
    /// The trace, 32 lower-case hexadecimal digits.
    public var traceID: String
    /// The span, 16 lower-case hexadecimal digits.
    public var spanID: String
    /// Two hexadecimal digits; the lowest bit says that the trace is recorded.
    public var flags: String

    /// Reads a header; `nil` means it is to be ignored whole, with `tracestate`.
    ///
    /// - Parameter header: The header; a version we do not know is read as version 00.
    public init?(_ header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.allSatisfy({ Self.isHexadecimal($0) }),
            parts[0].utf8.count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            parts[1].utf8.count == 32, parts[1].contains(where: { $0 != "0" }),
            parts[2].utf8.count == 16, parts[2].contains(where: { $0 != "0" }),
            parts[3].utf8.count == 2
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        flags = String(parts[3])
    }

    /// The first span of a trace of its own.
    ///
    /// - Parameter isSampled: Whether it is recorded. The default is that it is.
    public init(isSampled: Bool = true) {
        traceID = Self.digits(UInt64.random(in: .min ... .max), UInt64.random(in: 1 ... .max))
        spanID = Self.digits(UInt64.random(in: 1 ... .max))
        flags = isSampled ? "01" : "00"
    }

    /// Another span of the same trace.
    public var child: TraceParent {
        var child = self
        child.spanID = Self.digits(UInt64.random(in: 1 ... .max))
        return child
    }

    /// Whether the trace is recorded.
    public var isSampled: Bool { (UInt8(flags, radix: 16) ?? 0) & 1 == 1 }

    /// The header, of version 00.
    public var text: String { "00-\(traceID)-\(spanID)-\(flags)" }

    /// The header, of version 00.
    public var description: String { text }

    private static func digits(_ numbers: UInt64...) -> String {
        numbers.map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// What a task works for, as calls made meanwhile pass it on.
public enum CurrentTrace {
    /// The `traceparent` of calls; `nil` when there is none.
    @TaskLocal public static var header: String?
}
