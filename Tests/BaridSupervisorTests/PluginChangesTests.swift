import Foundation
import TestSupport
import Testing

@testable import BaridSupervisor

/// Protocols/4-plugin §3: what counts as a change of a plugin.
struct PluginChangesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write("", to: "p/plugin.yaml")
        _ = try folder.write("#!/bin/sh\n", to: "p/run")
    }

    private func look(_ arguments: String...) -> PluginChanges.Look {
        PluginChanges.Look(
            FoundPlugin(
                folder: folder.file("p"),
                description: PluginDescription(name: "p", command: ["./run"] + arguments),
                program: .runnable(executable: folder.file("p/run"), arguments: arguments)))
    }

    @Test func aChangeCountsWhenTwoLooksSawTheSame() throws {
        var changes = PluginChanges()
        let first = look()
        #expect(changes.take([first]) == [])
        #expect(changes.take([first]) == [.added(first.plugin)])
        #expect(changes.take([first]) == [])
        _ = try folder.write("#!/bin/sh\necho a\n", to: "p/run")
        let half = look()
        #expect(changes.take([half]) == [])
        _ = try folder.write("#!/bin/sh\necho ab\n", to: "p/run")
        let whole = look()
        #expect(changes.take([whole]) == [])
        #expect(changes.take([whole]) == [.changed(whole.plugin)])
        #expect(changes.take([]) == [])
        #expect(changes.take([]) == [.removed(folder: folder.file("p"))])
    }

    @Test func aFolderThatIsGoneForOneLookOnlyIsNotRemoved() {
        var changes = PluginChanges()
        let look = look()
        changes.accept(look)
        #expect(changes.take([]) == [])
        #expect(changes.take([look]) == [])
        #expect(changes.take([look]) == [])
    }

    @Test(arguments: ["module", "module.py", "script.sh"])
    func whatTheCommandNamesCounts(word: String) throws {
        for file in ["p/module.py", "p/script.sh", "p/module/deep/inner.py"] {
            _ = try folder.write("1", to: file)
        }
        let before = look("-m", word)
        let file = word == "module" ? "p/module/deep/inner.py" : "p/\(word)"
        _ = try folder.write("12", to: file)
        #expect(look("-m", word) != before)
    }

    @Test func whatTheCommandDoesNotNameDoesNotCount() throws {
        _ = try folder.write("1", to: "p/module/__pycache__/x.pyc")
        let before = look("module", "../outside", "/etc/hostname")
        _ = try folder.write("12", to: "p/notes.txt")
        _ = try folder.write("12", to: "outside")
        _ = try folder.write("12", to: "p/module/__pycache__/x.pyc")
        #expect(look("module", "../outside", "/etc/hostname") == before)
    }
}
