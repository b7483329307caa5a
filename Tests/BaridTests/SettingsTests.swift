import BaridTransport
import Foundation
import GRPCCore
import Synchronization
import Testing

@testable import Barid

/// DESIGN 10: flag, environment, file, default, in this order.
struct SettingsTests {
    @Test func everySourceYieldsToTheOneBeforeIt() throws {
        try TemporaryFolder.with { folder in
            var environment = ["HOME": folder, "XDG_RUNTIME_DIR": "\(folder)/run"]
            var settings = try Settings(environment: environment)
            #expect(settings.endpoint.value == .ipc(path: "\(folder)/run/barid/broker.ipc"))
            #expect(settings.endpoint.origin == .standard)
            #expect(settings.dataFolder.value == "\(folder)/.local/share/barid")
            #expect(settings.stateFolder.value == "\(folder)/.local/state/barid")

            let file = "\(folder)/.config/barid/barid.yaml"
            try FileManager.default.createDirectory(
                atPath: "\(folder)/.config/barid", withIntermediateDirectories: true)
            try Data(
                """
                endpoint: ipc:///f/b.ipc
                data: /f/data
                plugin-path: [/f/p]
                metrics: 127.0.0.1:1
                plugins: {a: {b: c}}

                """.utf8
            ).write(
                to: URL(fileURLWithPath: file))
            settings = try Settings(environment: environment)
            #expect(settings.endpoint.value == .ipc(path: "/f/b.ipc"))
            #expect(settings.endpoint.origin == .file(file))
            #expect(settings.pluginPath.value == ["/f/p"])
            #expect(settings.plugins == ["a": ["b": "c"]])
            #expect(settings.metrics.value == "127.0.0.1:1")

            environment["BARID_ENDPOINT"] = "tcp://127.0.0.1:7450"
            environment["BARID_DATA"] = "/e/data"
            environment["BARID_PLUGIN_PATH"] = "/e/p:/e/q"
            environment["BARID_METRICS"] = "127.0.0.1:2"
            settings = try Settings(environment: environment)
            #expect(settings.endpoint.value == .tcp(host: "127.0.0.1", port: 7450))
            #expect(settings.endpoint.origin == .environment("BARID_ENDPOINT"))
            #expect(settings.dataFolder.value == "/e/data")
            #expect(settings.pluginPath.value == ["/e/p", "/e/q"])

            #expect(settings.metrics.origin == .environment("BARID_METRICS"))

            settings = try Settings(
                endpoint: "ipc:///g.ipc", data: "/g/data", metrics: "127.0.0.1:3",
                environment: environment)
            #expect(settings.metrics.value == "127.0.0.1:3")
            #expect(settings.endpoint.origin == .flag("endpoint"))
            #expect(settings.dataFolder.value == "/g/data")
        }
    }

    @Test func withoutARuntimeFolderTheSocketIsInOneOfTheUsersOwn() throws {
        let settings = try Settings(environment: ["HOME": "/nowhere", "TMPDIR": "/t"])
        #expect(settings.endpoint.value == .ipc(path: "/t/barid-\(getuid())/broker.ipc"))
    }

    @Test func badSettingsNameTheirOrigin() throws {
        let long = "ipc:///" + String(repeating: "x", count: 107)
        let error = #expect(throws: RPCError.self) {
            try Settings(environment: ["HOME": "/nowhere", "BARID_ENDPOINT": long])
        }
        #expect(error?.message.contains("107") == true)
        #expect(error?.message.contains("BARID_ENDPOINT") == true)
        #expect(throws: RPCError.self) {
            try Settings(endpoint: "tcp://192.0.2.1;x:1", environment: ["HOME": "/nowhere"])
        }
    }

    @Test func aSettingsFileWithUnknownKeysIsRefusedWithTheirLines() throws {
        try TemporaryFolder.with { folder in
            try Data("data: /d\ncolour: red\nendpoint: []\n".utf8).write(
                to: URL(fileURLWithPath: "\(folder)/barid.yaml"))
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/barid", withDestinationPath: folder)
            let error = #expect(throws: RPCError.self) {
                try Settings(environment: ["HOME": "/nowhere", "XDG_CONFIG_HOME": folder])
            }
            #expect(error?.message.contains(":2: unknown setting colour") == true)
            #expect(error?.message.contains(":3: a text is expected") == true)
        }
    }

    /// What cannot be made sense of is told, never passed over.
    @Test(
        arguments: [
            ("data: [", "not YAML"), ("- data", "not a mapping"), ("data: {a: b}", ":1: a text"),
            ("\nretain: all", ":2: a list is expected"),
            ("plugin-path: [[/p]]", "a list of texts"), ("plugins: all", "a mapping of plugins"),
            ("plugins: {tagger: fast}", "settings of a plugin"),
            ("plugins: {tagger: {words: [1]}}", "plugin tagger is no text"),
            ("data: a\ndata: b", "not YAML"),
        ])
    func aSettingsFileThatMakesNoSenseIsRefused(text: String, problem: String) {
        let error = #expect(throws: RPCError.self) {
            try SettingsFile(yaml: Array(text.utf8), path: "/f.yaml")
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("/f.yaml:") == true)
        #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    }

    @Test func aSettingsFileThatIsNoTextOrTooLargeIsRefused() throws {
        #expect(throws: RPCError.self) { try SettingsFile(yaml: [0x64, 0xff], path: "/f.yaml") }
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: SettingsFile.maximumBytes)
        let empty = try SettingsFile(yaml: [], path: "/f.yaml")
        #expect(try SettingsFile(yaml: comment, path: "/f.yaml") == empty)
        let error = #expect(throws: RPCError.self) {
            try SettingsFile(yaml: comment + [0x23], path: "/f.yaml")
        }
        #expect(error?.message.contains("at most 1048576") == true)
    }

    @Test func privateFoldersAreMadeAndForeignOnesRefused() throws {
        try TemporaryFolder.with { folder in
            let path = "\(folder)/a/b"
            try PrivateFolder.make(path)
            try PrivateFolder.make(path)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            chmod(path, 0o755)
            let error = #expect(throws: RPCError.self) { try PrivateFolder.make(path) }
            #expect(error?.code == .permissionDenied)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: path)
            #expect(throws: RPCError.self) { try PrivateFolder.make("\(folder)/link") }
            let file = "\(folder)/file"
            try Data().write(to: URL(fileURLWithPath: file))
            let inFile = #expect(throws: RPCError.self) { try PrivateFolder.make("\(file)/a") }
            #expect(inFile?.code == .failedPrecondition)
            #expect(inFile?.message.contains("\(file)/a: ") == true)
        }
    }

    /// A broker and a worker that start together: one makes what the other looks at.
    @Test func aFolderIsClosedFromItsFirstMomentOn() throws {
        try TemporaryFolder.with { folder in
            let failures = Mutex<[String]>([])
            for round in 0..<500 {
                let paths = ["\(folder)/\(round)", "\(folder)/\(round)/plugins/a"]
                DispatchQueue.concurrentPerform(iterations: paths.count) { index in
                    do {
                        try PrivateFolder.make(paths[index])
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            #expect(failures.withLock { $0 } == [])
        }
    }
}

enum TemporaryFolder {
    static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    static func with<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let folder = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    private static func make() throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "barid-test-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return folder
    }
}
