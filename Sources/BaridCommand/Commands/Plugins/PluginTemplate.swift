import ArgumentParser

/// The files of a new plugin.
struct PluginTemplate {
    /// What a plugin can be written in from a template.
    enum Language: String, CaseIterable, ExpressibleByArgument {
        case swift
        case python
    }

    /// Where a plugin gets Barid from.
    enum Source {
        /// The package: of Swift the checkout, of Python the folder with its pyproject.toml.
        case path(String)
        case url(String)
    }

    struct File {
        var path: String
        var text: String
        var isExecutable = false
    }

    static var languages: String { Language.allCases.map(\.rawValue).joined(separator: " or ") }

    let files: [File]
    /// What to do next, a command each.
    let steps: [String]

    /// Writes the files of a plugin that will lie in `folder`, as the user named it.
    init(name: String, folder: String, language: Language, source: Source) {
        let type = Self.typeName(of: name)
        let folder = ShellWord.quoted(folder)
        switch language {
        case .swift:
            files = Self.swiftFiles(name: name, type: type, source: source)
            steps = [
                "swift build --package-path \(folder)     # the first time a few minutes",
                "swift test --package-path \(folder)",
                "barid plugin add \(folder)", "barid plugin logs \(name) --follow",
            ]
        case .python:
            files = Self.pythonFiles(name: name, type: type, source: source)
            steps = [
                "\(folder)/build     # its virtual environment: some seconds",
                "(cd \(folder) && .venv/bin/python -m unittest)",
                "barid plugin add \(folder)", "barid plugin logs \(name) --follow",
            ]
        }
    }

    /// The same manifest in every language.
    static func manifest(_ name: String, command: String) -> String {
        """
        name: \(name)
        version: 0.1.0
        summary: Takes the first paragraph of each article as its summary.
        command: [\(command)]
        consumes:
          types: [news.barid.article.parsed.v1]
        emits: [news.barid.article.summarized.v1]
        settings:
          - {name: minimum-words, type: integer, default: "1", help: Articles with fewer words are passed over.}

        """
    }

    /// `word-count` as `WordCount`.
    static func typeName(of name: String) -> String {
        let type = name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined()
        // A type may not begin with a digit.
        return type.first?.isNumber == true ? "Plugin\(type)" : type
    }
}
