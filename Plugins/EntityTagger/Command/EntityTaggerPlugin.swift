import Barid
import EntityTagger

/// `barid-entity-tagger`: article.parsed in, article.tagged out.
@main
struct EntityTaggerPlugin: Plugin {
    static let manifest = PackageResources.plugin_yaml

    static func work(_ setup: PluginSetup) -> PluginWork {
        let tagger = EntityTagger()
        return PluginWork(
            handlers: [TagHandler(tagger: tagger)], services: [TaggerService(tagger: tagger)])
    }
}
