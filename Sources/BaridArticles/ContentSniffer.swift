/// Tells from the first bytes or letters what something is, where no media type does.
package enum ContentSniffer {
    /// What format of files the bytes begin as, as `a PDF document`; nil when it is none known.
    package static func format(_ bytes: some Sequence<UInt8>) -> String? {
        signatures.first { bytes.starts(with: $0.0) }?.1
    }

    /// What binary format the bytes are; nil when they may be text.
    package static func binaryKind(_ bytes: [UInt8]) -> String? {
        if let format = format(bytes) { return format }
        var controls = 0
        for byte in bytes.prefix(4096) {
            switch byte {
            case 0x00...0x08, 0x0E...0x1A, 0x1C...0x1F, 0x7F: controls += 1
            default: break
            }
        }
        // A stray control character is repaired text; a tenth of them is not text at all.
        return controls * 10 > min(bytes.count, 4096) ? "binary data" : nil
    }

    /// The media type of markup that the text begins as; nil when it is none.
    package static func markup(_ text: String) -> String? {
        let start = text.unicodeScalars.drop { $0.properties.isWhitespace || $0 == "\u{FEFF}" }
            .prefix(64)
        guard start.first == "<" else { return nil }
        let head = String(String.UnicodeScalarView(start)).lowercased()
        for name in ["<!doctype html", "<html", "<head", "<body", "<div", "<script", "<p>", "<!--"]
        where head.hasPrefix(name) {
            return "text/html"
        }
        return head.hasPrefix("<?xml") || head.hasPrefix("<rss") || head.hasPrefix("<feed")
            ? "application/xml" : nil
    }

    /// Whether the text begins and ends as a JSON object.
    package static func isObject(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard scalars.first(where: { !$0.properties.isWhitespace }) == "{" else { return false }
        return scalars.last(where: { !$0.properties.isWhitespace }) == "}"
    }

    private static let signatures: [([UInt8], String)] = [
        ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        (Array("GIF8".utf8), "a GIF image"), (Array("%PDF-".utf8), "a PDF document"),
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive or office document"),
        ([0x1F, 0x8B], "gzip data"), ([0x7F, 0x45, 0x4C, 0x46], "an executable"),
        (Array("RIFF".utf8), "RIFF media"), (Array("SQLite format 3".utf8), "an SQLite database"),
    ]
}
