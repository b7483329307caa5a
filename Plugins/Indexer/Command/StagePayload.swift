import Barid
import BaridArticles
import BaridSchema

/// A stage of an article: its event names article and revision.
protocol StagePayload: EventPayload {
    var stageArticleID: String { get }
    var revision: String { get }
}

extension Barid_Article_V1_Article: StagePayload {
    var stageArticleID: String { id }
}

extension Barid_Article_V1_ArticleTagged: StagePayload {
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleModerated: StagePayload {
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleReviewed: StagePayload {
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleRetracted: StagePayload {
    var stageArticleID: String { articleID }
}

extension Barid_Article_V1_ArticleSummarized: StagePayload {
    var stageArticleID: String { articleID }
}
