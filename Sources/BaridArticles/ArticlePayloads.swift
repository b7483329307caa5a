public import Barid
public import BaridSchema

// What makes the article's messages bodies of events (Protocols/3-events.md §2).

extension Barid_Article_V1_ArticleSubmitted: EventPayload {
    /// `news.barid.article.submitted.v1`.
    public static var eventType: String { ArticleEventType.submitted }
}

extension Barid_Article_V1_Article: EventPayload {
    /// `news.barid.article.parsed.v1`.
    public static var eventType: String { ArticleEventType.parsed }
}

extension Barid_Article_V1_ArticleTagged: EventPayload {
    /// `news.barid.article.tagged.v1`.
    public static var eventType: String { ArticleEventType.tagged }
}

extension Barid_Article_V1_ArticleModerated: EventPayload {
    /// `news.barid.article.moderated.v1`.
    public static var eventType: String { ArticleEventType.moderated }
}

extension Barid_Article_V1_ArticleSummarized: EventPayload {
    /// `news.barid.article.summarized.v1`.
    public static var eventType: String { ArticleEventType.summarized }
}

extension Barid_Article_V1_ArticleReviewed: EventPayload {
    /// `news.barid.article.reviewed.v1`.
    public static var eventType: String { ArticleEventType.reviewed }
}

extension Barid_Article_V1_ArticleRetracted: EventPayload {
    /// `news.barid.article.retracted.v1`.
    public static var eventType: String { ArticleEventType.retracted }
}

extension Barid_Article_V1_ArticleIndexed: EventPayload {
    /// `news.barid.article.indexed.v1`.
    public static var eventType: String { ArticleEventType.indexed }
}
