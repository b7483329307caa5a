import ArgumentParser
import Barid

/// A place in a topic is written on the command line as in a manifest.
extension PluginManifest.Start: ExpressibleByArgument {
    /// What a person may write.
    static let help = "first, last, new, a sequence, or a time such as 2026-05-01T08:00:00Z"
}
