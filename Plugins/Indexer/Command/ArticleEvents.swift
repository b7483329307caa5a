import Barid
import BaridArticles
import BaridSchema

/// A stage of an article: its event names article and revision.
protocol StagePayload: EventPayload {
    var stageArticleID: String { get }
    var revision: String { get }
}

extension Barid_Article_V1_Article: EventPayload, StagePayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.parsed }
    var stageArticleID: String { id }
}

extension Barid_Article_V1_ArticleTagged: EventPayload, StagePayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.tagged }
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleModerated: EventPayload, StagePayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.moderated }
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleIndexed: EventPayload {
    /// Protocols/3-events.md §2.
    public static var eventType: String { ArticleEventType.indexed }
}
