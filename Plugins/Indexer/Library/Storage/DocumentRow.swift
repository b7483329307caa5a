import BaridSchema
import GRDB

/// What `document` holds of one article.
struct DocumentRow: Equatable {
    /// The text columns, in the order of ``IndexSchema/columns``.
    var texts: [String]
    var publisher = ""
    var url = ""
    var language = ""
    var published: Int64?
    var publishedNanos: Int64?
    var decision: Int64 = 0

    /// Between the comments of one column; not a letter, so no part of a word.
    static let commentSeparator: Character = "\u{1E}"

    /// Joins the stages of one revision.
    ///
    /// A comment is visible only if it was passed. What the tagger found in comments is left out: it would let
    /// a withheld comment be found.
    ///
    /// - Parameters:
    ///   - article: The parsed article.
    ///   - tagged: Its entities, when they are in.
    ///   - decisions: What moderator and people decided so far.
    ///   - summarized: Its key phrases, when they are in: what they name weighs like a name.
    init(
        _ article: Barid_Article_V1_Article, tagged: Barid_Article_V1_ArticleTagged?,
        decisions: Decisions,
        summarized: Barid_Article_V1_ArticleSummarized? = nil
    ) {
        var visible: [String] = []
        var withheld: [String] = []
        for comment in article.comments where !comment.text.text.isEmpty {
            if decisions.comments[comment.number] == .pass {
                visible.append(comment.text.text)
            } else {
                withheld.append(comment.text.text)
            }
        }
        var body = article.paragraphs.map(\.text.text)
        let abstract = article.abstract.text
        if !abstract.isEmpty, !body.contains(where: { $0.utf8.elementsEqual(abstract.utf8) }) {
            body.insert(abstract, at: 0)
        }
        let names =
            (tagged?.entities.map(\.name) ?? []) + article.bylines.map(\.text)
            + (summarized?.phrases.map(\.text) ?? [])

        texts = [
            article.headline.text,
            body.joined(separator: "\n"),
            visible.joined(separator: String(Self.commentSeparator)),
            withheld.joined(separator: String(Self.commentSeparator)),
            names.joined(separator: "\n"),
        ].map(Self.storable)
        publisher = Self.storable(article.publisher.text)
        url = Self.storable(article.url)
        language = Self.storable(article.language.code)
        if article.hasPublished {
            published = article.published.seconds
            publishedNanos = Int64(article.published.nanos)
        }
        decision = Int64(decisions.article.rawValue)
    }

    /// Reads a row with the columns of `document`.
    init(row: Row) throws {
        texts = try IndexSchema.columns.map { try row.value($0) }
        publisher = try row.value("publisher")
        url = try row.value("url")
        language = try row.value("language")
        published = try row.optional("published")
        publishedNanos = try row.optional("published_nanos")
        decision = try row.value("decision")
    }

    /// The values of ``sqlColumns``, in order.
    var values: [(any DatabaseValueConvertible)?] {
        texts + [publisher, url, language, published, publishedNanos, decision]
    }

    /// The columns of `document` that make this up.
    static let sqlColumns =
        IndexSchema.columns
        + ["publisher", "url", "language", "published", "published_nanos", "decision"]

    /// SQLite ends a text at a NUL; a space keeps every offset as it is.
    private static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(text.unicodeScalars.map { $0 == "\0" ? " " : $0 })
    }
}
