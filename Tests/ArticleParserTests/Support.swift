import ArticleParser
import BaridArticles
import BaridText
import Foundation

/// Parses a text as a publisher would send it.
func parse(
    _ text: String, type: String = "text/plain"
) throws(ParseRejection) -> Article {
    var submission = ArticleSubmitted()
    submission.content = Data(text.utf8)
    submission.mediaType = type
    return try ArticleParser.parse(submission)
}

func parse(
    bytes: [UInt8], type: String = "", charset: String = ""
) throws(ParseRejection) -> Article {
    var submission = ArticleSubmitted()
    submission.content = Data(bytes)
    submission.mediaType = type
    submission.charset = charset
    return try ArticleParser.parse(submission)
}

extension Article {
    var paragraphTexts: [String] { paragraphs.map(\.text.text) }
    var warningCodes: [String] { warnings.map(\.code) }
    /// Speaker and words of each quote, `~` before a speaker that was carried over.
    var spokenQuotes: [String] {
        quotes.map { quote in
            let sign = quote.speakerBasis == .carriedOver ? "~" : ""
            return "\(sign)\(quote.hasSpeaker ? quote.speaker.text : "-"): \(quote.text.text)"
        }
    }
}

/// A small seeded generator, so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
