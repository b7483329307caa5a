import Barid

/// `barid-parser`: article.submitted in, article.parsed out.
@main
struct ParserPlugin: Plugin {
    static let manifest = PackageResources.plugin_yaml

    static func work(_ setup: PluginSetup) -> PluginWork {
        PluginWork(handlers: [ParseHandler()], services: [ParserService()])
    }
}
