import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `barid up` and `barid down` with the real broker and a plugin that is a shell script.
@Suite(.serialized) struct UpTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.file("plugins"), withIntermediateDirectories: true)
    }

    private var environment: [String: String] {
        [
            "BARID_ENDPOINT": "ipc://\(folder.path)/run/broker.ipc",
            "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
            "BARID_PLUGIN_PATH": folder.file("plugins"), "XDG_CONFIG_HOME": folder.file("config"),
        ]
    }

    private func barid(
        _ arguments: String...
    ) async throws -> (
        code: Int32, output: String, error: String
    ) {
        let process = try RunningProcess("barid", arguments, environment: environment)
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    private func status() async throws -> [String: Any] {
        let answer = try await barid("status", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
        return try #require(object as? [String: Any], "\(answer)")
    }

    private func processes() async throws -> (supervisor: Int32, broker: Int32)? {
        let status = try await status()
        guard let supervisor = status["supervisor"] as? [String: Any],
            let broker = status["broker"] as? [String: Any],
            let supervising = supervisor["process_id"] as? Int,
            let brokering = broker["process_id"] as? Int
        else { return nil }
        return (Int32(supervising), Int32(brokering))
    }

    /// DESIGN 10: "`barid up` while one is running and healthy says pid, folder, since when, and exits 0".
    @Test func upDetachesTellsThatItIsUpAndGoesDown() async throws {
        let up = try await barid("up", "--detach")
        #expect(up.code == 0 && up.output.contains("broker"), "\(up)")
        let (supervisor, broker) = try #require(try await processes())

        let again = try await barid("up")
        #expect(again.code == 0)
        #expect(
            again.output.contains("\(supervisor)") && again.output.contains(folder.file("data")))

        let down = try await barid("down")
        #expect(down.code == 0, "\(down)")
        #expect(isGone(supervisor) && isGone(broker))
        #expect(try await barid("down").code == 69)
    }

    /// A start that fails is told by its words and its exit code, in the background too.
    @Test func aDetachedStartThatFailsIsTold() async throws {
        _ = try folder.write("not a folder", to: "data")
        for _ in 0..<5 {
            let up = try await barid("up", "--detach")
            #expect(up.code == 69 && up.error.contains("barid:"), "\(up)")
        }
    }

    /// Protocols/8-observability §1: the broker's figures and the supervisor's, both told by `status`.
    @Test func figuresOfBrokerAndSupervisorAreServed() async throws {
        let refused = try await barid("up", "--metrics", "0.0.0.0:0")
        #expect(refused.code == 65 && refused.error.contains("public:0.0.0.0:0"), "\(refused)")
        let up = try await barid("up", "--detach", "--metrics", "127.0.0.1:0")
        #expect(up.code == 0, "\(up)")
        let status = try await status()
        let urls = ["broker", "supervisor"].compactMap {
            (status[$0] as? [String: Any])?["metrics_url"] as? String
        }
        try #require(urls.count == 2, "\(status)")
        var names: [Set<String>] = []
        for url in urls {
            let port = try #require(URL(string: url)?.port.flatMap { UInt16(exactly: $0) })
            names.append(Set(try await RawClient.figures(port: port).families.keys))
        }
        #expect(names[0].contains("barid_broker_epoch"))
        #expect(names[1].contains("barid_plugin_state"))
        let text = try await barid("status")
        #expect(urls.allSatisfy { text.output.contains($0) }, "\(text)")
        #expect(try await barid("down").code == 0)
    }

    /// A host that is killed takes everything with it: zero children within two seconds.
    @Test func nothingOutlivesAKilledSupervisor() async throws {
        let plugin = folder.file("plugins/sleeper")
        try FileManager.default.createDirectory(atPath: plugin, withIntermediateDirectories: true)
        _ = try folder.write(
            """
            name: sleeper
            version: 0.0.1
            summary: Sleeps, and never says hello.
            command: [./run]
            serves: [test.v1.Sleeper]

            """, to: "plugins/sleeper/plugin.yaml")
        let script = try folder.write(
            "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $$ $! >pids\nwhile :; do sleep 1; done\n",
            to: "plugins/sleeper/run")
        chmod(script, 0o700)
        let up = try RunningProcess("barid", ["up"], environment: environment)
        let pids = try await eventually("the plugin runs") {
            let text = try? String(contentsOfFile: "\(plugin)/pids", encoding: .utf8)
            let pids = text?.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
            return pids?.count == 2 ? pids : nil
        }
        // The plugin may be there before the broker knows the supervisor.
        let broker = try await eventually("the supervisor") { try await processes() }.broker
        #expect(pids.allSatisfy { !isGone($0) })
        up.signal(SIGKILL)
        try await up.ended()
        let killed = ContinuousClock.now
        try await eventually("end of all children", within: .seconds(10)) {
            (pids + [broker]).allSatisfy(isGone) ? () : nil
        }
        #expect(
            ContinuousClock.now - killed < .seconds(2) + .milliseconds(500), "on a busy machine")
    }

    /// A path that is relative to where `barid up` runs names nothing in a plugin's folder.
    @Test func pluginsGetTheKeyFileByItsWholePath() async throws {
        let key = folder.file("user.key")
        #expect(try await barid("keys", "new", "user", "--output", key).code == 0)
        _ = try folder.write(
            """
            name: teller
            version: 0.0.1
            summary: Tells its environment.
            command: [./run]
            serves: [test.v1.Teller]

            """, to: "plugins/teller/plugin.yaml")
        let script = try folder.write(
            "#!/bin/sh\necho $BARID_KEY_FILE >told.new\nmv told.new told\nexec sleep 1000\n",
            to: "plugins/teller/run")
        chmod(script, 0o700)
        let here = FileManager.default.currentDirectoryPath.split(separator: "/")
        var environment = environment
        environment["BARID_KEY_FILE"] =
            String(repeating: "../", count: here.count) + key.dropFirst()
        let up = try RunningProcess("barid", ["up"], environment: environment)
        let told = try await eventually("the plugin's word") {
            try? String(contentsOfFile: folder.file("plugins/teller/told"), encoding: .utf8)
        }
        #expect(told == key + "\n")
        up.signal(SIGTERM)
        #expect(try await up.ended() == 0, "\(up.error)")
    }

    @Test func aPluginThatCannotRunIsListedWithTheReason() async throws {
        for name in ["missing", "wrong", "late"] {
            try FileManager.default.createDirectory(
                atPath: folder.file("plugins/\(name)"), withIntermediateDirectories: true)
        }
        _ = try folder.write(
            """
            name: missing
            version: 0.0.1
            summary: Was never built.
            command: [barid-never-built]
            serves: [test.v1.Missing]

            """, to: "plugins/missing/plugin.yaml")
        _ = try folder.write("name: wrong\n", to: "plugins/wrong/plugin.yaml")
        _ = try folder.write(
            """
            name: late
            version: 0.0.1
            summary: Speaks what comes after this.
            command: [late]
            protocol: {minimum: 5, maximum: 6}
            serves: [test.v1.Late]

            """, to: "plugins/late/plugin.yaml")
        let up = try await barid("up", "--detach")
        #expect(up.code == 0)
        #expect(
            up.output.contains(
                "late/plugin.yaml: the plugin speaks protocol 5 to 6, this library 1: upgrade the library"
            ),
            "\(up.output)")
        #expect(up.output.contains("not built") && up.output.contains("barid-never-built"))
        #expect(up.output.contains("invalid") && up.output.contains("wrong/plugin.yaml"))
        #expect(try await barid("down").code == 0)
    }
}
