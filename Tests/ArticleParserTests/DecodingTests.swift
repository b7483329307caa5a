import ArticleParser
import BaridArticles
import Foundation
import Testing

/// Bytes of the wrong kind end in a typed rejection, damaged ones in a repair with a warning.
struct DecodingTests {
    private static let text = "عنوان الخبر\n\nهدأت الريح مساء في المدينة القديمة."

    private static let windows1256: [UInt8] = {
        // The letters of the text in windows-1256.
        let table: [Unicode.Scalar: UInt8] = [
            "ع": 0xDA, "ن": 0xE4, "و": 0xE6, "ا": 0xC7, "ل": 0xE1, "خ": 0xCE, "ب": 0xC8, "ر": 0xD1,
            "ه": 0xE5, "د": 0xCF, "أ": 0xC3, "ت": 0xCA, "ي": 0xED, "ح": 0xCD, "م": 0xE3, "س": 0xD3,
            "ء": 0xC1, "ف": 0xDD, "ق": 0xDE, "ة": 0xC9,
        ]
        return text.unicodeScalars.map { table[$0] ?? UInt8(truncatingIfNeeded: $0.value) }
    }()

    @Test(arguments: ["windows-1256", "CP1256", ""])
    func readsWindows1256(charset: String) throws {
        let article = try parse(bytes: Self.windows1256, charset: charset)
        #expect(article.text == Self.text)
        #expect(article.charset.used == "windows-1256")
        #expect(article.warningCodes == (charset.isEmpty ? ["charset-guessed"] : []))
    }

    @Test func validUTF8WinsOverTheDeclaration() throws {
        let article = try parse(bytes: Array(Self.text.utf8), charset: "windows-1256")
        #expect(article.text == Self.text && article.charset.used == "utf-8")
        #expect(article.charset.declared == "windows-1256")
    }

    /// What was declared and is not known is told, as the text may be garbled.
    @Test func anUnknownEncodingIsNamed() throws {
        let article = try parse(bytes: [0xC7, 0xE4, 0xC7, 0xE4], charset: "iso-8859-6")
        #expect(article.warningCodes.contains("charset-guessed"))
        #expect(article.warnings.contains { $0.message.contains("iso-8859-6 is not known") })
    }

    @Test func repairsInvalidUTF8() throws {
        var bytes = Array(Self.text.utf8)
        bytes.insert(0xFF, at: 10)
        bytes.append(0xD8)
        let article = try parse(bytes: bytes, type: "text/plain")
        #expect(article.charset.used == "utf-8")
        #expect(article.warningCodes == ["invalid-utf-8"])
        #expect(article.text.unicodeScalars.count { $0 == "\u{FFFD}" } == 2)
        #expect(article.hasExactSpans)
    }

    @Test(arguments: [[0xEF, 0xBB, 0xBF], []] as [[UInt8]])
    func dropsTheByteOrderMark(mark: [UInt8]) throws {
        #expect(try parse(bytes: mark + Array(Self.text.utf8)).text == Self.text)
    }

    @Test(arguments: [true, false])
    func readsUTF16(isBig: Bool) throws {
        let mark: [UInt8] = isBig ? [0xFE, 0xFF] : [0xFF, 0xFE]
        let bytes = Self.text.utf16.flatMap { unit in
            isBig
                ? [UInt8(unit >> 8), UInt8(unit & 0xFF)] : [UInt8(unit & 0xFF), UInt8(unit >> 8)]
        }
        let article = try parse(bytes: mark + bytes)
        #expect(article.text == Self.text && article.warnings.isEmpty)
    }

    @Test(
        arguments: [
            ([], "empty"), (Array(" \n\u{200F}\t".utf8), "empty"), (Array("12 . 34".utf8), "empty"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D], "binary"), (Array("%PDF-1.7 text".utf8), "binary"),
            ([UInt8](repeating: 0, count: 100), "binary"), ([UInt8](0...255), "binary"),
            (Array("<!DOCTYPE html><p>a".utf8), "unsupported-media-type"),
            (Array("  <?xml version='1.0'?><rss/>".utf8), "unsupported-media-type"),
        ] as [([UInt8], String)])
    func refusesWhatIsNoText(bytes: [UInt8], code: String) {
        #expect(rejection { try parse(bytes: bytes) } == code)
    }

    @Test(arguments: [
        ("text/html", "a", "unsupported-media-type"), ("image/png", "a", "unsupported-media-type"),
        ("application/json", "{\"title\": ", "unreadable-json"),
        ("application/json", "[1, \"a\"]", "unreadable-json"),
        ("application/json", "{\"title\": \" \", \"n\": 1}", "empty"),
    ])
    func refusesByMediaType(type: String, content: String, code: String) {
        #expect(rejection { try parse(content, type: type) } == code)
    }

    @Test func refusesMoreThanTheLimit() {
        let bytes = [UInt8](repeating: 0x61, count: ArticleParser.maximumBytes + 1)
        #expect(throws: ParseRejection.tooLarge(bytes: bytes.count, limit: 1 << 20)) {
            try parse(bytes: bytes)
        }
    }

    @Test func warnsOfHiddenControls() throws {
        let article = try parse("عنوان\n\nنص \u{202E}مقلوب\u{202C} هنا.")
        #expect(article.warningCodes == ["bidi-controls"])
        #expect(article.warnings.first?.span.range == 10..<11)
        #expect(try parse("عنوان\n\nنص\u{200F} عادي هنا.").warnings.isEmpty)
    }

    private func rejection(_ body: () throws -> Article) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? ParseRejection)?.code
        }
    }
}
