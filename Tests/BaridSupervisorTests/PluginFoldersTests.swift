import BaridSupervisor
import Foundation
import TestSupport
import Testing

/// DESIGN 6: the plugin path, bare names and paths, `not built`.
@Suite struct PluginFoldersTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The "manifest" of these tests is its command, a word a line.
    private func find(_ folders: [String]) -> [FoundPlugin] {
        PluginFolders(folders: folders, executables: folder.file("bin")) { path in
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            guard let name = lines.first else { throw CocoaError(.fileReadCorruptFile) }
            return PluginDescription(
                name: String(name), command: lines.dropFirst().map(String.init))
        }.find()
    }

    private func write(_ text: String, to path: String, executable: Bool = false) throws {
        let file = URL(fileURLWithPath: folder.file(path))
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        if executable {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o700], ofItemAtPath: file.path)
        }
    }

    @Test func findsProgramsBesideBaridAndInTheFolder() throws {
        try write("", to: "bin/worker", executable: true)
        try write("", to: "plugins/b/run.sh", executable: true)
        try write("a\nworker\nserve", to: "plugins/a/plugin.yaml")
        try write("b\n./run.sh", to: "plugins/b/plugin.yaml")
        try write("not a plugin", to: "plugins/c/readme.txt")
        let found = find([folder.file("missing"), folder.file("plugins")])
        #expect(found.map(\.description.name) == ["a", "b"])
        #expect(
            found.map(\.program) == [
                .runnable(executable: folder.file("bin/worker"), arguments: ["serve"]),
                .runnable(executable: folder.file("plugins/b/run.sh"), arguments: []),
            ])
    }

    /// Protocols/4-plugin.md §1: an executable `build` in the folder makes the program.
    @Test func aPluginKnowsHowItIsBuilt() throws {
        try write("a\n.venv/bin/python\n-m\na", to: "plugins/a/plugin.yaml")
        try write("", to: "plugins/a/build", executable: true)
        try write("b\n./run.sh", to: "plugins/b/plugin.yaml")
        try write("", to: "plugins/b/build")
        try write("", to: "plugins/b/run.sh")
        try write("c\n./run.sh", to: "plugins/c/plugin.yaml")
        let commands = find([folder.file("plugins")]).map { plugin -> String in
            switch plugin.program {
            case .notBuilt(_, let command): command
            case .invalid(let problem): problem
            case .runnable: ""
            }
        }
        #expect(
            commands == [
                folder.file("plugins/a/build"), "chmod +x \(folder.file("plugins/b/run.sh"))",
                "there is no \(folder.file("plugins/c/run.sh")), the program of its command, and "
                    + "nothing that builds it",
            ])
    }

    @Test func sayWhatIsWrongWithTheOthers() throws {
        try write("a\nworker", to: "plugins/a/plugin.yaml")
        try write("b\n../../bin/sh", to: "plugins/b/plugin.yaml")
        try write("", to: "plugins/c/plugin.yaml")
        try write("a\nworker", to: "plugins/d/plugin.yaml")
        try write("e\nworker", to: "plugins/e/plugin.yaml")
        try write("", to: "plugins/e/Package.swift")
        let found = find([folder.file("plugins")])
        guard found.count == 5 else {
            Issue.record("\(found)")
            return
        }
        guard case .notBuilt(folder.file("bin/worker"), let command) = found[0].program else {
            Issue.record("\(found[0])")
            return
        }
        #expect(!command.isEmpty)
        for index in 1...3 {
            guard case .invalid(let message) = found[index].program else {
                Issue.record("\(found[index])")
                continue
            }
            #expect(!message.isEmpty)
        }
        guard case .notBuilt(_, let own) = found[4].program else {
            Issue.record("\(found[4])")
            return
        }
        #expect(own.contains("--package-path \(folder.file("plugins/e"))"))
    }

    @Test func thePathIsGivenOrInstalledOrTheCheckouts() throws {
        let bin = folder.file("prefix/bin")
        #expect(
            PluginFolders.path(
                given: ["/one", "/two"], executables: bin, userFolder: "/u")
                == ["/one", "/two", "/u"])
        try write("", to: "tree/Package.swift")
        try write("a", to: "tree/Plugins/A/plugin.yaml")
        try write("", to: "tree/.build/triple/debug/barid")
        #expect(
            PluginFolders.path(
                given: [], executables: folder.file("tree/.build/triple/debug"),
                userFolder: "/u") == [folder.file("tree/Plugins"), "/u"])
        try write("a", to: "prefix/share/barid/plugins/a/plugin.yaml")
        #expect(
            PluginFolders.path(given: [], executables: bin, userFolder: "/u")
                == [folder.file("prefix/share/barid/plugins"), "/u"])
    }
}
