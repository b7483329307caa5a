import Barid
import BaridArticles
import BaridSchema

extension Barid_Article_V1_ArticleSubmitted: EventPayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.submitted }
}

extension Barid_Article_V1_Article: EventPayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.parsed }
}
