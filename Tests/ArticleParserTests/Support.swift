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
