/// What kind of content a media type announces.
public enum ArticleMediaType: Hashable, Sendable {
    /// Nothing was announced: the content decides.
    case unknown
    /// `text/plain`, or Markdown read as such.
    case plainText
    /// One JSON object.
    case json
    /// Something else, named as it came but for parameters and case.
    case other(String)

    /// Reads a media type.
    ///
    /// - Parameter mediaType: As `text/plain; charset=utf-8`; parameters are left aside.
    public init(_ mediaType: String) {
        switch Self.essence(mediaType) {
        case "", "application/octet-stream": self = .unknown
        case "text/plain", "text/markdown", "text/x-markdown": self = .plainText
        case "application/json", "text/json", "application/x-ndjson", "application/jsonl",
            "application/x-jsonlines":
            self = .json
        case let other: self = .other(other)
        }
    }

    /// Returns the character encoding that a media type names.
    ///
    /// - Parameter mediaType: As `text/plain; charset=windows-1256`.
    /// - Returns: The name in lower case, nil when there is none.
    public static func charset(of mediaType: String) -> String? {
        for parameter in mediaType.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, trimmed(parts[0]) == "charset" else { continue }
            let value = trimmed(parts[1]).filter { $0 != "\"" && $0 != "'" }
            return value.isEmpty ? nil : value
        }
        return nil
    }

    private static func essence(_ mediaType: String) -> String {
        trimmed(mediaType.prefix { $0 != ";" })
    }

    private static func trimmed(_ part: Substring) -> String {
        String(part.filter { !$0.isWhitespace }).lowercased()
    }
}
