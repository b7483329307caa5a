import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// `barid plugin` with the real executables and plugins that are shell scripts.
@Suite(.serialized) struct PluginCommandsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.file("installed"), withIntermediateDirectories: true)
    }

    private func barid(
        _ arguments: String...
    ) async throws -> (code: Int32, output: String, error: String) {
        let process = try RunningProcess(
            "barid", arguments,
            environment: [
                "BARID_ENDPOINT": "ipc://\(folder.path)/run/broker.ipc",
                "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
                "BARID_PLUGIN_PATH": folder.file("installed"),
                "XDG_CONFIG_HOME": folder.file("config"),
            ])
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    private func plugin(_ name: String, at path: String, command: String = "./run") throws {
        _ = try folder.write(
            """
            name: \(name)
            version: 0.0.1
            summary: Writes a line and waits.
            command: [\(command)]
            consumes: {types: [news.barid.article.parsed.v1]}

            """, to: "\(path)/plugin.yaml")
        let script = try folder.write(
            "#!/bin/sh\necho hello from \(path)\nwhile :; do sleep 0.05; done\n",
            to: "\(path)/run")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
    }

    /// A description has an end, whatever the program does.
    @Test func aDescriptionWithoutEndIsRefused() async throws {
        let script = try folder.write("#!/bin/sh\ntrap '' TERM\nyes name: endless\n", to: "endless")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        let conform = try await barid("plugin", "conform", script)
        #expect(conform.code == 65 && conform.error.contains("more than 1.0 MiB"), "\(conform)")
    }

    @Test func addListLogsRestartAndRemoveOnARunningUp() async throws {
        #expect(try await barid("plugin", "list").code == 69)
        #expect(try await barid("up", "--detach").code == 0)
        try plugin("one", at: "mine/one")
        async let adding = barid("plugin", "add", folder.file("mine/one"))
        try await eventually("its log") {
            let logs = try await barid("plugin", "logs", "one")
            return logs.output.contains("out hello from mine/one") ? () : nil
        }
        let list = try await barid("plugin", "list")
        #expect(list.code == 0 && list.output.contains("one"), "\(list)")
        #expect(try await barid("plugin", "restart", "one").code == 0)
        #expect(try await barid("plugin", "restart", "two").code == 66)
        let removed = try await barid("plugin", "remove", "one")
        #expect(removed.code == 0 && removed.output.contains(folder.file("mine/one")))
        let added = try await adding
        #expect(added.code == 0 && added.output.contains("It will catch up on 0 events."))
        #expect(try await !barid("plugin", "list").output.contains("one"))
        #expect(try await barid("down").code == 0)
    }

    @Test func whatCannotBeAddedIsNamed() async throws {
        try plugin("installed-one", at: "installed/installed-one")
        try plugin("installed-one", at: "mine/same-name")
        try plugin("outside", at: "mine/outside", command: "../run")
        let none = try await barid("plugin", "add", folder.file("mine"))
        #expect(none.code == 66 && none.error.contains("holds no plugin.yaml"))
        let twice = try await barid("plugin", "add", folder.file("mine/same-name"))
        #expect(twice.code == 65 && twice.error.contains(folder.file("installed/installed-one")))
        let outside = try await barid("plugin", "add", folder.file("mine/outside"))
        #expect(outside.code == 65 && outside.error.contains("inside the folder"), "\(outside)")
        let own = try await barid("plugin", "remove", "installed-one")
        #expect(own.code == 77)
        #expect(try await barid("plugin", "logs", "nobody").code == 66)
    }

    /// Protocols/4-plugin.md §3.1: of plugins that feed one another in a circle `plugin add` warns.
    @Test func aCircleOfPluginsIsWarnedOf() async throws {
        for (name, emits) in [("one", "t.two.v1"), ("two", "t.one.v1")] {
            try plugin(name, at: "mine/\(name)")
            let manifest = folder.file("mine/\(name)/plugin.yaml")
            let yaml = try String(contentsOfFile: manifest, encoding: .utf8)
                .replacing("news.barid.article.parsed.v1", with: "t.\(name).v1")
            try "\(yaml)emits: [\(emits)]\n".write(
                toFile: manifest, atomically: true, encoding: .utf8)
        }
        let first = try await barid("plugin", "add", folder.file("mine/one"))
        #expect(first.code == 0 && !first.output.contains("come back"), "\(first)")
        let second = try await barid("plugin", "add", folder.file("mine/two"))
        #expect(second.code == 0 && second.output.contains("two → one → two"), "\(second)")
    }

    @Test func withoutABrokerAddAndRemoveWork() async throws {
        try plugin("one", at: "mine/one")
        let added = try await barid("plugin", "add", folder.file("mine/one"))
        #expect(added.code == 0 && added.output.contains("`barid up` will start it"), "\(added)")
        #expect(try await barid("plugin", "remove", "one").code == 0)
        #expect(try await barid("plugin", "remove", "one").code == 66)
    }

    /// A template's manifest is valid, and it names what it is built with.
    ///
    /// That the one in Python is built, tested and run is shown by
    /// Sources/Python/tests/test_template.py.
    @Test func newWritesAFolderThatCanBeAdded() async throws {
        let made = try await barid(
            "plugin", "new", "word-count", "--folder", folder.file("word-count"))
        #expect(made.code == 0, "\(made)")
        let package = try String(
            contentsOfFile: folder.file("word-count/Package.swift"), encoding: .utf8)
        #expect(package.contains(".package(name: \"barid\", path: \"\(Repository.root)\")"))
        let added = try await barid("plugin", "add", folder.file("word-count"))
        #expect(added.code == 0 && added.output.contains("swift build --package-path"), "\(added)")
        let python = try await barid(
            "plugin", "new", "first-words", "--lang", "python", "--folder",
            folder.file("first-words"))
        #expect(python.code == 0, "\(python)")
        let waits = try await barid("plugin", "add", folder.file("first-words"))
        #expect(
            waits.code == 0 && waits.output.contains(folder.file("first-words/build")), "\(waits)")
        let again = try await barid("plugin", "new", "x", "--folder", folder.file("word-count"))
        #expect(again.code == 65 && again.error.contains("exists already"))
        #expect(try await barid("plugin", "new", "Not A Name").code == 64)
        let elsewhere = try await barid("plugin", "new", "y", "--barid", folder.path)
        #expect(elsewhere.code == 66)
    }

    @Test func aTailFollowsItsFileThroughARotation() throws {
        let path = try folder.write("1\n2\n3\nhal", to: "a.log")
        let tail = try #require(FileTail(path: path))
        #expect(try tail.last(2) == ["2", "3"])
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("f\n".utf8))
        #expect(try tail.more() == ["half"])
        try file.write(contentsOf: Data("last\n".utf8))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        _ = try folder.write("new\n", to: "a.log")
        #expect(try tail.more() == ["last", "new"])
        #expect(FileTail(path: folder.file("none")) == nil)
    }
}
