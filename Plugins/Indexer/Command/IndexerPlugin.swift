import Barid
import BaridArticles
import GRPCCore
import Indexer

/// `barid-indexer`: every stage of an article and what people decide in, article.indexed out.
@main
struct IndexerPlugin: Plugin {
    static let manifest = PackageResources.plugin_yaml

    static func work(_ setup: PluginSetup) throws -> PluginWork {
        let folder = "\(setup.dataFolder)/index"
        try PrivateFolder.make(folder)
        let index: ArticleIndex
        do {
            index = try ArticleIndex(path: "\(folder)/articles.sqlite")
        } catch {
            throw RPCError(error)
        }
        let stages = StageQueue(before: index)
        return PluginWork(
            handlers: [
                StageHandler<Article>(stage: .parsed, stages: stages),
                StageHandler<ArticleTagged>(stage: .tagged, stages: stages),
                StageHandler<ArticleModerated>(stage: .moderated, stages: stages),
                StageHandler<ArticleSummarized>(stage: .summarized, stages: stages),
                StageHandler<ArticleReviewed>(stage: .reviewed, stages: stages),
                StageHandler<ArticleRetracted>(stage: .retracted, stages: stages),
            ], services: [IndexService(index: index)],
            close: { try index.close() })
    }
}
