import ArgumentParser
import BaridArticles
import Foundation

/// How a file is read.
enum InputForm: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// By its name; standard input by its first character.
    case auto
    /// One article, plain text.
    case text
    /// One article, a JSON object.
    case json
    /// One article a line, each a JSON object.
    case jsonl
}

/// One article as it came.
struct ArticleInput: Sendable, Equatable {
    /// "article.txt", or "dump.jsonl:12".
    var name: String
    var content: Data
    var mediaType: String
}

/// Why something could not be read; the rest goes on.
struct InputProblem: Error, Sendable, Equatable {
    var name: String
    var code: ExitCode
    var message: String

    static func == (one: Self, other: Self) -> Bool {
        one.name == other.name && one.code.rawValue == other.code.rawValue
            && one.message == other.message
    }
}

/// Checks that bytes are something the parser can read.
enum InputCheck {
    /// An event of the broker's default size is 1 MiB, envelope included.
    static let maximumBytes = 1 << 20

    /// Plain text: UTF-8, not empty, not binary, not a page of HTML or a feed.
    ///
    /// - Parameter content: The whole article.
    /// - Returns: What is wrong, with what to try; nil when nothing is.
    static func text(_ content: Data) -> String? {
        if let wrong = format(content) { return wrong }
        if content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF]) {
            return "is UTF-16: say so with --charset utf-16"
        }
        if let offset = content.firstIndex(of: 0) {
            return "is not text: it has a zero byte at offset \(offset - content.startIndex)"
        }
        if let offset = invalidUTF8(content) {
            let byte = String(content[content.startIndex + offset], radix: 16, uppercase: true)
            return
                "is not UTF-8: byte 0x\(byte) at offset \(offset); if you know its encoding, say so, as in --charset windows-1256"
        }
        let text = String(decoding: content, as: UTF8.self)
        guard
            text.unicodeScalars.contains(where: {
                !$0.properties.isWhitespace && $0 != "\u{FEFF}"
            })
        else {
            return content.isEmpty ? "is empty" : "has nothing but white space"
        }
        switch ContentSniffer.markup(text) {
        case nil: return nil
        case "text/html"?: return "is a page of HTML, which is not read yet: publish its text"
        default: return "is XML, such as a feed, which is not read yet: publish the articles' text"
        }
    }

    /// Files of a known format that is no text, in whatever encoding.
    static func format(_ content: Data) -> String? {
        ContentSniffer.format(content).map { "is not text: it looks like \($0)" }
    }

    /// One article as a JSON object.
    static func json(_ content: some Collection<UInt8>) -> String? {
        do {
            _ = try JSONItem(content)
            return nil
        } catch {
            return "is \(error)"
        }
    }

    /// Says that something is too long, naming both numbers.
    static func tooLong(_ bytes: Int) -> String {
        "has \(Formats.number(bytes)) bytes; an article has at most \(Formats.number(maximumBytes)) (1 MiB, the broker's limit for an event)"
    }

    /// Offset of the first byte that is no UTF-8; nil when there is none.
    static func invalidUTF8(_ content: Data) -> Int? {
        var index = content.startIndex
        while index < content.endIndex {
            let byte = content[index]
            let length: Int
            let least: UInt32
            switch byte {
            case 0..<0x80: (length, least) = (1, 0)
            case 0xC2...0xDF: (length, least) = (2, 0x80)
            case 0xE0...0xEF: (length, least) = (3, 0x800)
            case 0xF0...0xF4: (length, least) = (4, 0x10000)
            default: return index - content.startIndex
            }
            guard content.endIndex - index >= length else { return index - content.startIndex }
            if length > 1 {
                var value = UInt32(byte) & (0xFF >> (UInt32(length) + 1))
                for next in content[(index + 1)..<(index + length)] {
                    guard next & 0xC0 == 0x80 else { return index - content.startIndex }
                    value = value << 6 | UInt32(next & 0x3F)
                }
                guard value >= least, Unicode.Scalar(value) != nil else {
                    return index - content.startIndex
                }
            }
            index += length
        }
        return nil
    }
}
