import ArgumentParser
import Barid
import BaridSupervisor
import Foundation

/// `barid plugin new`.
struct PluginNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write a plugin that builds, runs and has a test, to begin from.",
        discussion: """
            The folder NAME is made here, or where --folder says. The plugin builds against the Barid \
            checkout this program was built in, or what --barid names: a path or a git URL. One in Python \
            has a virtual environment of its own, which its `build` makes.

            Examples:
              barid plugin new word-count
              cd word-count && swift build && swift test && barid plugin add .
              barid plugin new word-count --lang python
              word-count/build && barid plugin add word-count
              barid plugin new word-count --barid https://example.org/barid.git
            """)

    @Argument(help: "Name of the plugin: a-z, 0-9 and single hyphens, at most 40.")
    var name: String

    @Option(help: "What it is written in: \(PluginTemplate.languages).")
    var lang: PluginTemplate.Language = .swift

    @Option(help: ArgumentHelp("The folder to make; the default is NAME, here.", valueName: "path"))
    var folder: String?

    @Option(help: ArgumentHelp("Barid to build against.", valueName: "path or URL"))
    var barid: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard PluginManifest.isName(name) else {
            throw ValidationError(
                "'\(name)' is no name of a plugin: a-z, 0-9 and single hyphens, at most 40")
        }
    }

    func run() throws {
        let path = URL(fileURLWithPath: folder ?? name).standardizedFileURL.path
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandError(.badInput, "\(path) exists already; name another with --folder")
        }
        let template = try PluginTemplate(
            name: name, folder: folder ?? name, language: lang, source: source())
        for file in template.files {
            let url = URL(fileURLWithPath: "\(path)/\(file.path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: url)
            guard file.isExecutable else { continue }
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: url.path)
        }
        if output.json {
            var text = JSONText()
            text.add("name", name)
            text.add("folder", path)
            Console.output.line(text.text)
            return
        }
        let console = Console.output
        console.line("Made \(console.words(path)):")
        for file in template.files { console.line("  \(file.path)") }
        console.line("Next:")
        for step in template.steps { console.line("  \(step)") }
    }

    /// The Barid to build against.
    private func source() throws -> PluginTemplate.Source {
        if let barid {
            if barid.contains("://") || barid.hasPrefix("git@") { return .url(barid) }
            let path = URL(fileURLWithPath: barid).standardizedFileURL.path
            guard PluginFolders.isCheckout(path) else {
                throw CommandError(.noInput, "\(path) is no checkout of Barid")
            }
            return .path(package(of: path))
        }
        let executables = (Executable.path as NSString).deletingLastPathComponent
        if let checkout = PluginFolders.checkout(around: executables) {
            return .path(package(of: checkout))
        }
        // Scripts/install puts the Python package there, and nothing of Swift's.
        let installed = URL(fileURLWithPath: "\(executables)/../share/barid/python")
            .standardizedFileURL.path
        if lang == .python,
            FileManager.default.fileExists(atPath: "\(installed)/pyproject.toml")
        {
            return .path(installed)
        }
        throw CommandError(
            .badInput,
            "this barid does not lie in a checkout: say with --barid which one to build against, a path or a git URL"
        )
    }

    /// What a checkout has for plugins of the language.
    private func package(of checkout: String) -> String {
        switch lang {
        case .swift: checkout
        case .python: "\(checkout)/Sources/Python"
        }
    }
}
