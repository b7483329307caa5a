import BaridLog
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `barid log`, `backup`, `restore` and `doctor`, with the real broker.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LogCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func environment(data: String = "data") -> [String: String] {
        [
            "BARID_ENDPOINT": "ipc://\(folder.path)/run/broker.ipc",
            "BARID_DATA": folder.file(data), "XDG_CONFIG_HOME": folder.file("config"),
        ]
    }

    private func barid(
        _ arguments: String..., data: String = "data"
    ) async throws -> (code: Int32, output: String, error: String) {
        let process = try RunningProcess("barid", arguments, environment: environment(data: data))
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    private func broker(
        _ arguments: String..., data: String = "data"
    ) async throws -> RunningProcess {
        let process = try RunningProcess(
            "barid-broker", arguments, environment: environment(data: data))
        try await eventually("the broker is ready") {
            process.error.contains("\"message\":\"ready\"") || !process.isRunning ? () : nil
        }
        return process
    }

    private func publish(_ count: Int, prefix: String) async throws -> Int {
        let lines = (0..<count).map { "{\"id\":\"\(prefix)-\($0)\",\"text\":\"item \($0)\"}" }
        let file = try folder.write(lines.joined(separator: "\n"), to: "\(prefix).jsonl")
        let answer = try await barid("publish", file, "--json")
        #expect(answer.code == 0, "\(answer.error)")
        return answer.output.split(separator: "\n").count { $0.contains("\"sequence\"") }
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func aLogIsVerifiedDamagedAndRepaired() async throws {
        let running = try await broker()
        // A record of its own, so that the first event alone is lost below.
        #expect(try await publish(1, prefix: "a") == 1)
        #expect(try await publish(29, prefix: "b") == 29)
        let busy = try await barid("log", "verify")
        #expect(busy.code == 75)
        #expect(busy.error.contains("\(running.id)") && busy.error.contains("barid down"))
        running.signal(SIGTERM)
        #expect(try await running.ended() == 0)
        let whole = try await barid("log", "verify", "--json")
        #expect(whole.code == 0)
        let facts = try json(whole.output)
        #expect(facts["events"] as? Int == 30)
        #expect(facts["whole"] as? Bool == true)
        let info = try await barid("log", "info")
        #expect(info.code == 0)
        #expect(info.output.contains("00000000000000000001.log"))
        #expect(try await barid("log", "repair").code == 0, "there is nothing to repair")

        // A bit of the first event's record flips.
        let path = folder.file("data/log/00000000000000000001.log")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let at = try #require(bytes.firstRange(of: Data("item 0".utf8))?.lowerBound)
        bytes[at] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let damaged = try await barid("log", "verify")
        #expect(damaged.code == 65)
        #expect(damaged.output.contains("00000000000000000001.log at byte"))
        #expect(damaged.output.contains("topic articles: events 1"))
        let refused = try await barid("log", "repair")
        #expect(refused.code == 77)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes, "nothing was changed")
        let repaired = try await barid("log", "repair", "--accept-loss")
        #expect(repaired.code == 0, "\(repaired.error)")
        #expect(repaired.output.contains("events 1"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("data"))
        let aside = try #require(names.first { $0.hasPrefix("damaged-") })
        #expect(
            try Data(
                contentsOf: URL(
                    fileURLWithPath: folder.file("data/\(aside)/00000000000000000001.log")))
                == bytes)
        #expect(try await barid("log", "verify").code == 0)
        let again = try await broker()
        #expect(try await publish(5, prefix: "c") == 5)
        again.signal(SIGTERM)
        #expect(try await again.ended() == 0, "\(again.error)")
    }

    /// Row 8 of the fault table: acknowledged data that is damaged is refused at the start, with
    /// file, offset and records, and stays as it is.
    @Test func aBrokerRefusesDamagedData() async throws {
        let running = try await broker()
        _ = try await publish(30, prefix: "a")
        // The commit after it proves the first one durable.
        _ = try await publish(1, prefix: "b")
        running.signal(SIGKILL)
        _ = try await running.ended()
        let path = folder.file("data/log/00000000000000000001.log")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let at = try #require(bytes.firstRange(of: Data("item 0".utf8))?.lowerBound)
        bytes[at] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let refused = try RunningProcess("barid-broker", environment: environment())
        #expect(try await refused.ended() == 65)
        #expect(refused.error.contains("00000000000000000001.log at byte"), "\(refused.error)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    /// Nothing acknowledged before the command is missing from a backup taken under load, and
    /// the restored state is that of the cut.
    @Test func aBackupUnderLoadIsAConsistentCut() async throws {
        let running = try await broker()
        let before = try await publish(200, prefix: "before")
        async let load = publish(2_000, prefix: "load")
        let backup = try await barid("backup", folder.file("copy"), "--json")
        #expect(try await load == 2_000)
        #expect(backup.code == 0, "\(backup.error)")
        let cut = try json(backup.output)
        #expect(try #require(cut["events"] as? Int) >= before)
        let occupied = try await barid("backup", folder.file("copy"))
        #expect(occupied.code == 77, "a folder that holds something is refused")

        // The broker has this folder; and a folder that was used is refused as well.
        #expect(try await barid("restore", folder.file("copy")).code == 77)
        running.signal(SIGTERM)
        #expect(try await running.ended() == 0)
        #expect(try await barid("restore", folder.file("copy")).code == 77)
        #expect(try await barid("restore", folder.file("none"), data: "other").code == 66)
        let restored = try await barid("restore", folder.file("copy"), "--json", data: "other")
        #expect(restored.code == 0, "\(restored.error)")
        #expect(try json(restored.output)["position"] as? Int == cut["position"] as? Int)
        let state = try LogVerifier(folder: folder.file("other/log")).stateHash()
        #expect(state.map { String($0.hash, radix: 16) } == cut["state_hash"] as? String)
        #expect(state?.position == (cut["position"] as? Int).map(UInt64.init))

        // It is a broker's data folder: what was published is known, and more is taken.
        let other = try await broker(data: "other")
        let repeated = try await barid("publish", folder.file("before.jsonl"), "--json")
        #expect(
            repeated.output.split(separator: "\n").count { $0.contains("\"duplicate\":true") }
                == before)
        other.signal(SIGTERM)
        #expect(try await other.ended() == 0)

        // A bit of the copy flips: it is not restored.
        let path = folder.file("copy/log/00000000000000000001.log")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let at = try #require(bytes.firstRange(of: Data("item 0".utf8))?.lowerBound)
        bytes[at] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try await barid("restore", folder.file("copy"), data: "third").code == 65)
        #expect(!FileManager.default.fileExists(atPath: folder.file("third")))
    }

    @Test func theDoctorLooksAtEverything() async throws {
        let none = try await barid("doctor", "--json")
        #expect(none.code == 69)
        let running = try await broker("--durability", "interval:50", "--retain", "acknowledged")
        #expect(running.error.contains("not power-safe"), "\(running.error)")
        let answer = try await barid("doctor", "--json")
        let checks = try #require(try json(answer.output)["checks"] as? [[String: Any]])
        let states = Dictionary(
            checks.compactMap { check in
                (check["name"] as? String).map { ($0, check["state"] as? String ?? "") }
            }, uniquingKeysWith: { first, _ in first })
        #expect(answer.code == (states.values.contains("fail") ? 1 : 0))
        for name in ["libzmq", "broker", "accepting", "data folder", "format", "socket", "clock"] {
            #expect(states[name] == "ok", "\(name): \(answer.output)")
        }
        for name in ["disk", "fsync", "open files", "plugins"] { #expect(states[name] != nil) }
        #expect(states["durability"] == "warn")
        #expect(answer.output.contains("not power-safe: fsynced up to 50 ms"))
        let status = try await barid("status")
        #expect(status.output.contains("not power-safe"), "\(status)")
        #expect(status.output.contains("acknowledged"))
        #expect(try await publish(1, prefix: "x") == 1)
        let file = try folder.write("one", to: "one.txt")
        #expect(try await barid("publish", file).output.contains("interval (not power-safe)"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.file("data"))
        let open = try await barid("doctor")
        #expect(open.code == 1)
        #expect(open.output.contains("chmod 700"))
        running.signal(SIGTERM)
        #expect(try await running.ended() == 0)
    }

    @Test func settingsOfTheBrokerAreChecked() async throws {
        for arguments in [["--retain", "age=x"], ["--retain", "articles:bytes=5MiB"]] {
            let process = try RunningProcess(
                "barid-broker", arguments, environment: environment())
            #expect(try await process.ended() == 65, "\(process.error)")
        }
        var environment = environment()
        environment["BARID_DURABILITY"] = "hope"
        let process = try RunningProcess("barid-broker", environment: environment)
        #expect(try await process.ended() == 65)
        #expect(process.error.contains("interval:MS"))
    }
}
