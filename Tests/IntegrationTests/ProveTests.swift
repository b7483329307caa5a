import Foundation
import TestSupport
import Testing

/// `barid prove` proves what holds, and catches a broker that does not keep its word.
@Suite(.serialized) struct ProveTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func prove(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RunningProcess {
        try RunningProcess(
            "barid", ["prove", "--data", folder.file("data"), "--json"] + arguments,
            environment: environment.merging(["XDG_CONFIG_HOME": folder.file("config")]) { $1 })
    }

    private func verdict(_ process: RunningProcess) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(process.output.utf8))
        return try #require(object as? [String: Any], "\(process.output) \(process.error)")
    }

    @Test(.timeLimit(.minutes(6))) func aFewSecondsOfFaultsAreProven() async throws {
        let process = try prove(["--minutes", "0.07", "--seed", "11", "--rate", "100"])
        let status = try await process.ended(within: .seconds(300))
        let verdict = try verdict(process)
        #expect(status == 0, "\(verdict)")
        #expect(verdict["verdict"] as? String == "proven" && verdict["seed"] as? Int == 11)
        #expect(verdict["acked"] as? Int ?? 0 > 100 && verdict["lost"] as? Int == 0)
        let history = folder.file("data-prove/11/history")
        #expect(try FileManager.default.contentsOfDirectory(atPath: history).count >= 5)
        #expect(!FileManager.default.fileExists(atPath: folder.file("data-prove/11/data")))
        #expect(!FileManager.default.fileExists(atPath: folder.file("data")), "not theirs")
    }

    private func makeKey(_ file: String, data: String) async throws {
        let process = try RunningProcess(
            "barid",
            [
                "keys", "new", "wire", "--allow", "publish=barid.prove.>", "--allow",
                "subscribe=barid.prove.>", "--endpoint", "tcp://127.0.0.1:7450", "--data",
                folder.file(data), "--output", folder.file(file),
            ], environment: ["XDG_CONFIG_HOME": folder.file("config")])
        #expect(try await process.ended() == 0, "\(process.error)")
    }

    /// Publishers and workers come with the user's key, to a broker with a copy of the user's keys.
    @Test(.timeLimit(.minutes(6))) func aSecuredBrokerIsProvenWithTheUsersKey() async throws {
        try await makeKey("wire.key", data: "data")
        let process = try prove([
            "--minutes", "0.07", "--seed", "11", "--rate", "100", "--key", folder.file("wire.key"),
        ])
        let status = try await process.ended(within: .seconds(300))
        let verdict = try verdict(process)
        #expect(status == 0, "\(verdict)")
        #expect(verdict["verdict"] as? String == "proven")
        #expect(verdict["acked"] as? Int ?? 0 > 100 && verdict["lost"] as? Int == 0)
        let log = try String(
            contentsOfFile: folder.file("data-prove/11/logs/broker.log"), encoding: .utf8)
        #expect(log.contains("peers over TCP need a key"))
        let sessions = log.split(separator: "\n").filter { $0.contains(" session started ") }
        for actor in ["publisher-1", "publisher-2", "worker-1", "worker-2", "worker-3"] {
            let theirs = sessions.filter { $0.contains(" name=\(actor) ") }
            #expect(!theirs.isEmpty, "\(actor) was not there")
            #expect(theirs.allSatisfy { $0.contains(" who=wire") }, "\(theirs)")
        }
        // Theirs is as it was.
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.file("data"))
        #expect(kept == ["keys"])
    }

    @Test func aKeyOfAnotherBrokerIsRefused() async throws {
        try await makeKey("wire.key", data: "data")
        try await makeKey("other.key", data: "other")
        let process = try prove(["--minutes", "0.07", "--key", folder.file("other.key")])
        #expect(try await process.ended() == 65)
        #expect(
            process.error.contains("other.key is a key for another broker"), "\(process.error)")
    }

    /// A shim makes the broker tell the disk only 200 ms later what it acknowledges now.
    @Test(.timeLimit(.minutes(6))) func aBrokerThatAcknowledgesBeforeItStoresIsCaught() async throws
    {
        let shim = folder.file("late-writes.so")
        let built = try Finished(
            "/usr/bin/cc",
            [
                "-shared", "-fPIC", "-O1", "-o", shim,
                "\(Repository.root)/Tests/Shims/late-writes.c",
                "-ldl", "-lpthread",
            ])
        try #require(built.status == 0, "\(built.output)")
        let process = try prove(
            ["--minutes", "0.07", "--seed", "11", "--rate", "100"],
            environment: ["LD_PRELOAD": shim])
        let status = try await process.ended(within: .seconds(300))
        let verdict = try verdict(process)
        #expect(status == 70, "\(verdict)")
        let violations = try #require(verdict["violations"] as? [[String: Any]])
        #expect(violations.contains { $0["check"] as? String == "durability" }, "\(verdict)")
        #expect(verdict["lost"] as? Int ?? 0 > 0)
    }

    @Test(.timeLimit(.minutes(6))) func ctrlCChecksWhatThereIs() async throws {
        let process = try prove(["--minutes", "10", "--seed", "13", "--rate", "100"])
        let history = folder.file("data-prove/13/history")
        try await eventually("publishers at work") {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: history)) ?? []
            return names.contains { $0.hasPrefix("publisher-2") } ? () : nil
        }
        process.signal(SIGINT)
        #expect(try await process.ended(within: .seconds(300)) == 130, "\(process.error)")
        #expect(try verdict(process)["interrupted"] as? Bool == true)
    }
}
