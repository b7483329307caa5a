import Barid
import Moderator

/// `barid-moderator`: article.parsed in, article.moderated out.
@main
struct ModeratorPlugin: Plugin {
    static let manifest = PackageResources.plugin_yaml

    static func work(_ setup: PluginSetup) -> PluginWork {
        let moderator = Moderator()
        return PluginWork(
            handlers: [ModerateHandler(moderator: moderator)],
            services: [ModeratorService(moderator: moderator)])
    }
}
