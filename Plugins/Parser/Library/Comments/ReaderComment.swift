import BaridArticles
import BaridSchema
import BaridText

/// A reader's comment as it stands in the text.
struct ReaderComment {
    var number: UInt32
    var author: Range<Int>?
    var time: Range<Int>?
    var text: Range<Int>

    func record(in source: SourceText) -> ArticleComment {
        var comment = ArticleComment()
        comment.number = number
        comment.text = source.piece(text)
        if let author { comment.author = source.piece(author) }
        if let time {
            comment.timeText = source.text[time]
            if let instant = RFC3339.timestamp(comment.timeText) { comment.time = instant }
        }
        let language = Language.detect(comment.text.text)
        comment.language.code = language.code
        comment.language.confidence = language.confidence
        return comment
    }
}
