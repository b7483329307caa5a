public import BaridArticles
import BaridSchema
import BaridText

/// Turns what was submitted into an article.
///
/// Plain text is read by its form: headline, paragraphs, then the lines that pages put beneath an
/// article, then readers' comments. A JSON item's fields are laid out as one text, which is then
/// read the same way (see ``ItemText``). Nothing is guessed: what the text does not state stays
/// absent, and its errors pass through. Time is linear in the input; any task may call this.
public enum ArticleParser {
    /// The largest content that is read, in bytes.
    public static let maximumBytes = 1 << 20

    /// Reads a submission.
    ///
    /// - Parameters:
    ///   - submission: The bytes with what is known about them.
    ///   - id: The article's id; empty takes it from the submission, as ``ArticleIdentity`` does.
    ///   - revision: The SHA-256 of the bytes; empty computes it.
    /// - Returns: The article; all its offsets are scalars of its `text`.
    /// - Throws: ``ParseRejection`` when there is no article in it.
    public static func parse(
        _ submission: ArticleSubmitted, id: String = "", revision: String = ""
    ) throws(ParseRejection) -> Article {
        let bytes = [UInt8](submission.content)
        guard bytes.count <= maximumBytes else {
            throw .tooLarge(bytes: bytes.count, limit: maximumBytes)
        }
        var article = Article()
        if id.isEmpty || revision.isEmpty {
            let identity = ArticleIdentity(of: submission, explicit: id)
            article.id = identity.articleID
            article.revision = revision.isEmpty ? identity.revision : revision
        } else {
            article.id = id
            article.revision = revision
        }
        article.url = submission.url

        let declared =
            submission.charset.isEmpty
            ? ArticleMediaType.charset(of: submission.mediaType) ?? "" : submission.charset
        let decoded = try TextDecoder.decode(bytes, declared: declared)
        article.charset.declared = declared
        article.charset.used = decoded.charset
        article.warnings = decoded.warnings

        switch try Self.form(of: decoded.text, submission) {
        case .plainText:
            article.sourceForm = .plainText
            try read(decoded.text, into: &article)
        case .jsonItem:
            article.sourceForm = .jsonItem
            try read(item: decoded.text, into: &article)
        case .unspecified, .UNRECOGNIZED:
            throw .unsupportedMediaType(submission.mediaType)
        }
        return article
    }

    /// What the media type, the file's name and the content say together.
    private static func form(
        of text: String, _ submission: ArticleSubmitted
    ) throws(ParseRejection) -> Barid_Article_V1_SourceForm {
        guard text.unicodeScalars.contains(where: \.properties.isAlphabetic) else { throw .empty }
        switch ArticleMediaType(submission.mediaType) {
        case .json: return .jsonItem
        case .other(let type): throw .unsupportedMediaType(type)
        case .plainText, .unknown: break
        }
        if let markup = ContentSniffer.markup(text) { throw .unsupportedMediaType(markup) }
        guard case .unknown = ArticleMediaType(submission.mediaType) else { return .plainText }
        let name = submission.fileName.lowercased()
        return name.hasSuffix(".json") || name.hasSuffix(".jsonl") || ContentSniffer.isObject(text)
            ? .jsonItem : .plainText
    }

    private static func read(
        _ text: String, into article: inout Article
    ) throws(ParseRejection) {
        let source = SourceText(text)
        let outline = Outline(of: source, in: 0..<source.count, hasHeadline: false)
        fill(&article, from: source, outline)
        article.headlineIfAny(outline.headline, in: source)
        finish(&article, source)
    }

    private static func read(
        item json: String, into article: inout Article
    ) throws(ParseRejection) {
        let item: JSONItem
        do {
            item = try JSONItem(Array(json.utf8))
        } catch {
            throw .unreadableJSON(error.description)
        }
        let layout = ItemText(item)
        guard layout.text.unicodeScalars.contains(where: \.properties.isAlphabetic) else {
            throw .empty
        }
        let source = SourceText(layout.text)
        let outline = Outline(of: source, in: layout.body, hasHeadline: true)
        fill(&article, from: source, outline)
        layout.fill(&article, item, source)
        finish(&article, source)
    }

    private static func fill(
        _ article: inout Article, from source: SourceText, _ outline: Outline
    ) {
        article.text = source.text.string
        article.bylines = outline.bylines.map { source.piece($0) }
        var paragraphs = outline.paragraphs
        var credit = outline.credit
        if credit == nil { credit = AgencyCredit.cut(from: &paragraphs, in: source) }
        if let credit {
            article.agency.code = credit.code
            article.agency.raw = source.piece(credit.range)
        }
        article.paragraphs = paragraphs.map { paragraph in
            var piece = ArticleParagraph()
            piece.text = source.piece(paragraph.range)
            piece.kind = paragraph.kind
            return piece
        }
        article.removed = outline.removed.map { line in
            var removed = ArticleRemoved()
            removed.text = source.piece(line.range)
            removed.kind = line.kind
            return removed
        }
        if let publisher = outline.publisher { article.publisher = source.piece(publisher) }
        if let published = outline.published { article.published = published }
        if let count = outline.declaredCommentCount { article.declaredCommentCount = count }
        article.comments = outline.comments.map { $0.record(in: source) }
        article.warnings += outline.warnings
        article.quotes = QuoteFinder.quotes(in: paragraphs.map(\.range), of: source)
    }

    /// What is told from the finished parts.
    private static func finish(_ article: inout Article, _ source: SourceText) {
        let headline = article.hasHeadline && article.headline.hasSpan ? [article.headline] : []
        let abstract = article.hasAbstract && article.abstract.hasSpan ? [article.abstract] : []
        let own = headline + abstract + article.paragraphs.map(\.text)
        var seen = Set<Range<Int>>()
        // Gathered first: each change of a message's list copies the list.
        var hashtags: [ArticleHashtag] = []
        for piece in own {
            for hashtag in source.hashtags(in: piece.span.range)
            where seen.insert(hashtag.raw.span.range).inserted {
                hashtags.append(hashtag)
            }
        }
        article.hashtags = hashtags
        let letters = own.flatMap { source.text.scalars[$0.span.range] }
        let language = Language.detect(letters)
        article.language.code = language.code
        article.language.confidence = language.confidence
        article.direction = Direction.majority(of: letters).map(\.wire) ?? .unspecified

        if article.hasDeclaredCommentCount,
            Int(article.declaredCommentCount) != article.comments.count
        {
            article.warn(
                "comment-count-mismatch",
                "the page declares \(article.declaredCommentCount) comments, "
                    + "\(article.comments.count) \(article.comments.count == 1 ? "is" : "are") present"
            )
        }
        if !article.hasHeadline {
            article.warn("no-headline", "no line of it is a headline")
        }
        if article.paragraphs.isEmpty { article.warn("no-body", "there is no text but a headline") }
        source.warnOfBidiControls(&article)
    }
}

extension Article {
    mutating func warn(_ code: String, _ message: String, at range: Range<Int>? = nil) {
        var warning = ArticleWarning()
        warning.code = code
        warning.message = message
        if let range { warning.span = Barid_Article_V1_Span(range) }
        warnings.append(warning)
    }

    fileprivate mutating func headlineIfAny(_ range: Range<Int>?, in source: SourceText) {
        if let range { headline = source.piece(range) }
    }
}

extension Direction {
    var wire: Barid_Article_V1_Direction {
        switch self {
        case .leftToRight: .leftToRight
        case .rightToLeft: .rightToLeft
        }
    }
}
