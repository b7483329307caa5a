/// A W3C `traceparent` (version 00).
struct TraceParent: Hashable {
    var traceID: String
    var spanID: String
    var flags: String

    /// Reads a header; `nil` means it is to be ignored whole, with `tracestate`.
    init?(_ header: String) {
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

    var text: String { "00-\(traceID)-\(spanID)-\(flags)" }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
