import BaridArticles
import BaridSchema
import BaridText

/// The one text that a JSON item's fields are laid out in, so that offsets have a place to point.
///
/// Title, abstract, text, then comments follow one another, separated by one blank line, each as
/// it is; an absent field takes no room. A title that is the first line of the text, and an
/// abstract that equals the title or begins the text, are not written twice: their spans point to
/// where they stand. A comment's author stands on a line of its own before the comment.
struct ItemText {
    let text: String
    /// Where the article's own text is; the whole of it is read for its form.
    let body: Range<Int>
    private var headline: Range<Int>?
    private var abstract: Range<Int>?
    private var comments: [(author: Range<Int>?, text: Range<Int>)] = []

    init(_ item: JSONItem) {
        var scalars: [Unicode.Scalar] = []
        func trimmed(_ text: String?) -> [Unicode.Scalar] {
            var part = Array((text ?? "").unicodeScalars)[...]
            while let first = part.first, first.properties.isWhitespace { part.removeFirst() }
            while let last = part.last, last.properties.isWhitespace { part.removeLast() }
            return Array(part)
        }
        func add(_ part: [Unicode.Scalar], after separator: String = "\n\n") -> Range<Int>? {
            guard !part.isEmpty else { return nil }
            if !scalars.isEmpty { scalars.append(contentsOf: separator.unicodeScalars) }
            let start = scalars.count
            scalars.append(contentsOf: part)
            return start..<scalars.count
        }
        let title = trimmed(item.title)
        let lead = trimmed(item.abstract)
        let main = trimmed(item.text)

        let titleBegins =
            !title.isEmpty && main.starts(with: title)
            && main.dropFirst(title.count).first.map { $0 == "\n" || $0 == "\r" } ?? true
        if !titleBegins { headline = add(title) }
        let leadIsTitle = !lead.isEmpty && lead == title
        let leadBegins = !lead.isEmpty && main.starts(with: lead)
        if !leadIsTitle, !leadBegins { abstract = add(lead) }
        var body = add(main) ?? scalars.count..<scalars.count
        if titleBegins {
            headline = body.lowerBound..<(body.lowerBound + title.count)
            body = (body.lowerBound + title.count)..<body.upperBound
        }
        if leadIsTitle {
            abstract = headline
        } else if leadBegins {
            let start = titleBegins ? headline?.lowerBound ?? 0 : body.lowerBound
            abstract = start..<(start + lead.count)
        }
        self.body = body
        for comment in item.comments {
            let author = add(trimmed(comment.author))
            if let text = add(trimmed(comment.text), after: author == nil ? "\n\n" : "\n") {
                comments.append((author, text))
            }
        }
        text = String(scalars: scalars)
    }

    /// Writes into the article what the item states.
    func fill(_ article: inout Article, _ item: JSONItem, _ source: SourceText) {
        if let headline { article.headline = source.piece(headline) }
        if let abstract { article.abstract = source.piece(abstract) }
        if let url = item.url { article.url = url }
        if let name = item.source { article.publisher = ArticleText(name) }
        article.category = item.category ?? ""
        if !item.authors.isEmpty { article.bylines = item.authors.map { ArticleText($0) } }
        if let stated = item.published {
            if let time = RFC3339.timestamp(stated) {
                article.published = time
            } else {
                article.warn(
                    "published-not-understood", "the time is not RFC 3339: \(stated.prefix(64))")
            }
        }
        if let count = item.commentCount { article.declaredCommentCount = count }
        var records = article.comments
        for (index, place) in comments.enumerated() where index < item.comments.count {
            var comment = ArticleComment()
            comment.number = UInt32(clamping: records.count + 1)
            comment.text = source.piece(place.text)
            if let author = place.author { comment.author = source.piece(author) }
            if let time = item.comments[index].time {
                comment.timeText = time
                if let instant = RFC3339.timestamp(time) { comment.time = instant }
            }
            let language = Language.detect(comment.text.text)
            comment.language.code = language.code
            comment.language.confidence = language.confidence
            records.append(comment)
        }
        article.comments = records
    }
}
