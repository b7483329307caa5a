import ArgumentParser

/// The files of a new plugin.
struct PluginTemplate {
    /// What a plugin can be written in from a template.
    enum Language: String, CaseIterable, ExpressibleByArgument {
        case swift
    }

    /// Where a plugin gets Barid from.
    enum Source {
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
        switch language {
        case .swift:
            let type = Self.typeName(of: name)
            files = Self.swiftFiles(name: name, type: type, source: source)
            steps = [
                "swift build --package-path \(folder)     # the first time a few minutes",
                "swift test --package-path \(folder)",
                "barid plugin add \(folder)", "barid plugin logs \(name) --follow",
            ]
        }
    }

    /// `word-count` as `WordCount`.
    static func typeName(of name: String) -> String {
        let type = name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined()
        // A type may not begin with a digit.
        return type.first?.isNumber == true ? "Plugin\(type)" : type
    }
}
