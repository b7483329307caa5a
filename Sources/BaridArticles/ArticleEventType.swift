/// The types of the events an article goes through, all on one topic.
///
/// Specified in Protocols/3-events.md.
public enum ArticleEventType {
    /// The topic of every article event.
    public static let topic = "articles"

    /// An item came in, uninterpreted; data is `barid.article.v1.ArticleSubmitted`.
    public static let submitted = "news.barid.article.submitted.v1"

    /// The parser made an article of it; data is `barid.article.v1.Article`.
    public static let parsed = "news.barid.article.parsed.v1"

    /// Its entities are known; data is `barid.article.v1.ArticleTagged`.
    public static let tagged = "news.barid.article.tagged.v1"

    /// There is a verdict on it and its comments; data is `barid.article.v1.ArticleModerated`.
    public static let moderated = "news.barid.article.moderated.v1"

    /// Its key phrases and a summary are known, where a summariser runs; data is
    /// `barid.article.v1.ArticleSummarized`.
    public static let summarized = "news.barid.article.summarized.v1"

    /// A person decided about it or a comment of it; data is `barid.article.v1.ArticleReviewed`.
    public static let reviewed = "news.barid.article.reviewed.v1"

    /// A person took it back; data is `barid.article.v1.ArticleRetracted`.
    public static let retracted = "news.barid.article.retracted.v1"

    /// The index has a stage of it; data is `barid.article.v1.ArticleIndexed`.
    public static let indexed = "news.barid.article.indexed.v1"

    /// All of them, in the order of the pipeline.
    public static let all = [
        submitted, parsed, tagged, moderated, summarized, reviewed, retracted, indexed,
    ]
}
