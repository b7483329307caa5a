import BaridArticles

/// Text made of bytes, with how it was made.
struct DecodedText {
    var text: String
    /// The encoding used, by its web name.
    var charset: String
    var warnings: [ArticleWarning] = []
}

/// Makes text of bytes: by byte order mark, else as UTF-8 if it is that, else as declared, else
/// by what most bytes beyond ASCII look like.
enum TextDecoder {
    static func decode(
        _ bytes: [UInt8], declared: String
    ) throws(ParseRejection) -> DecodedText {
        if let decoded = decodeUTF16(bytes, declared: declared) { return decoded }
        if let kind = ContentSniffer.binaryKind(bytes) { throw .binary(kind) }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        if let text = String(validating: body, as: UTF8.self) {
            return DecodedText(text: text, charset: "utf-8")
        }
        if let encoding = SingleByteEncoding(declared: declared) {
            return single(body, encoding, guessFor: nil)
        }
        let text = String(decoding: body, as: UTF8.self)
        let damage = damage(in: text, of: body)
        if damage.good * 4 > damage.bad {
            var decoded = DecodedText(text: text, charset: "utf-8")
            decoded.warn(
                "invalid-utf-8", "\(damage.bad) places are not UTF-8; each became U+FFFD")
            return decoded
        }
        let arabic = single(body, .windows1256, guessFor: declared)
        let letters = arabic.text.unicodeScalars.lazy.filter { $0.properties.isAlphabetic }
        let arabicLetters = letters.filter { (0x621...0x64A).contains($0.value) }.count
        let decoded =
            arabicLetters * 2 > letters.count
            ? arabic : single(body, .windows1252, guessFor: declared)
        let strange = decoded.text.unicodeScalars.lazy.filter { $0 == "\u{FFFD}" }.count
        guard strange * 20 <= body.count else { throw .binary("text of an unknown encoding") }
        return decoded
    }

    /// Text in an encoding that was declared, or was guessed for want of one that is known.
    private static func single(
        _ bytes: [UInt8], _ encoding: SingleByteEncoding, guessFor declared: String?
    ) -> DecodedText {
        let (text, repaired) = encoding.decode(bytes)
        var decoded = DecodedText(text: text, charset: encoding.rawValue)
        if let declared {
            let why =
                declared.isEmpty
                ? "no encoding declared" : "the declared encoding \(declared) is not known"
            decoded.warn(
                "charset-guessed", "not UTF-8 and \(why): read as \(encoding.rawValue)")
        }
        if repaired > 0 {
            decoded.warn(
                "invalid-bytes", "\(repaired) bytes mean nothing in \(encoding.rawValue)")
        }
        return decoded
    }

    /// UTF-16 by its byte order mark, or as declared.
    private static func decodeUTF16(_ bytes: [UInt8], declared: String) -> DecodedText? {
        let isBig: Bool
        var start = 2
        if bytes.starts(with: [0xFF, 0xFE]) {
            isBig = false
        } else if bytes.starts(with: [0xFE, 0xFF]) {
            isBig = true
        } else {
            switch declared.lowercased() {
            case "utf-16le", "utf-16": isBig = false
            case "utf-16be": isBig = true
            default: return nil
            }
            start = 0
        }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = start
        while index + 1 < bytes.count {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(isBig ? first << 8 | second : second << 8 | first)
            index += 2
        }
        let name = isBig ? "utf-16be" : "utf-16le"
        var decoded = DecodedText(text: String(decoding: units, as: UTF16.self), charset: name)
        if String(validating: units, as: UTF16.self) == nil || index < bytes.count {
            decoded.warn("invalid-utf-16", "some places are not UTF-16; each became U+FFFD")
        }
        return decoded
    }

    /// How many characters beyond ASCII are sound, and how many were made U+FFFD.
    private static func damage(in text: String, of bytes: [UInt8]) -> (good: Int, bad: Int) {
        var good = 0
        var bad = 0
        for scalar in text.unicodeScalars where !scalar.isASCII {
            if scalar == "\u{FFFD}" { bad += 1 } else { good += 1 }
        }
        return (good, bad)
    }
}

extension DecodedText {
    fileprivate mutating func warn(_ code: String, _ message: String) {
        var warning = ArticleWarning()
        warning.code = code
        warning.message = message
        warnings.append(warning)
    }
}
