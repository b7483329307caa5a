import Barid
import BaridArticles
import BaridSchema

extension Barid_Article_V1_Article: EventPayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.parsed }
}

extension Barid_Article_V1_ArticleModerated: EventPayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.moderated }
}
