import Foundation
import TestSupport
import Testing

/// `barid keys` and `--key` against a real broker: Protocols/7-security §4, and what people are told.
@Suite(.serialized, .timeLimit(.minutes(5))) struct KeysTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var environment: [String: String] {
        [
            "BARID_DATA": folder.file("data"), "BARID_ENDPOINT": "ipc://\(folder.path)/b.ipc",
            "XDG_CONFIG_HOME": folder.path,
        ]
    }

    private func barid(
        _ arguments: [String], local: Bool = true
    ) async throws -> (
        code: Int32, output: String, error: String
    ) {
        var environment = environment
        if !local { environment["BARID_ENDPOINT"] = nil }
        let process = try RunningProcess("barid", arguments, environment: environment)
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    private func broker(_ arguments: [String]) async throws -> (RunningProcess, String) {
        let process = try RunningProcess("barid-broker", arguments, environment: environment)
        let address = try await eventually("the broker listens on TCP") { () -> String? in
            guard process.isRunning else { return "" }
            guard let start = process.error.range(of: "tcp://127.0.0.1:") else { return nil }
            let rest = process.error[start.lowerBound...]
            guard process.error.contains("\"message\":\"ready\"") else { return nil }
            return String(rest.prefix { !" \"\n".contains($0) })
        }
        try #require(!address.isEmpty, "\(process.error)")
        return (process, address)
    }

    @Test func aKeyIsMadeUsedAndRevoked() async throws {
        let (broker, address) = try await broker(["--listen", "tcp://127.0.0.1:0"])
        let file = folder.file("wire.key")
        let made = try await barid([
            "keys", "new", "wire", "--allow", "publish=news.barid.article.submitted.v1",
            "--endpoint", address, "--output", file, "--json",
        ])
        #expect(made.code == 0, "\(made.error)")
        #expect(made.output.contains("\"file\":\"\(file)\""))
        let secret = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix("secret-key: ") }?.dropFirst(12)
        #expect(!made.output.contains(try #require(secret)))

        // The key file names the broker: nothing else is needed.
        let text = try folder.write("One line of news.\n", to: "article.txt")
        let published = try await barid(["publish", text, "--key", file], local: false)
        #expect(published.code == 0, "\(published.error)")
        let status = try await barid(["status", "--key", file], local: false)
        #expect(status.code == 77)
        #expect(status.error.contains("lacks the right admin"), "\(status.error)")
        let shown = try await barid(["keys", "show", "wire"])
        #expect(shown.output.contains("publish=news.barid.article.submitted.v1"))

        let unasked = try await barid(["keys", "revoke", "wire"])
        #expect(unasked.code == 77)
        let revoked = try await barid(["keys", "revoke", "wire", "--yes"])
        #expect(revoked.code == 0, "\(revoked.error)")
        let late = try await barid(["publish", text, "--key", file], local: false)
        #expect(late.code == 77, "\(late.error)")
        #expect(late.error.contains("revoked"), "\(late.error)")
        let list = try await barid(["keys", "list"])
        #expect(list.output.contains("revoked"))
        let counted = try await barid(["status"])
        #expect(counted.output.contains("refused  1 call"), "\(counted)")
        #expect(!broker.error.contains(try #require(secret)))
        #expect(broker.error.contains("\"audit\":"), "\(broker.error)")
    }

    /// No silent hang: each wrong way to connect says what is wrong, with exit code 77.
    @Test func wrongKeysSaySo() async throws {
        let (broker, address) = try await broker(["--listen", "tcp://127.0.0.1:0"])
        let none = try await barid(["status", "--endpoint", address])
        #expect(none.code == 77)
        #expect(none.error.contains("takes keys"), "\(none.error)")
        // A key of another broker.
        let other = folder.file("other")
        let file = folder.file("other.key")
        let made = try await barid([
            "keys", "new", "wire", "--data", other, "--endpoint", address, "--output", file,
        ])
        #expect(made.code == 0, "\(made.error)")
        let wrong = try await barid(["status", "--key", file], local: false)
        #expect(wrong.code == 77)
        #expect(wrong.error.contains("server-key"), "\(wrong.error)")
        let seen = try await barid(["status"])
        #expect(seen.output.contains("\(address) needs a key"), "\(seen)")
        let told = try await barid(["status", "--json"])
        #expect(told.output.contains("\"needs_key\":true"), "\(told)")
        chmod(file, 0o644)
        let open = try await barid(["status", "--key", file], local: false)
        #expect(open.code == 77)
        #expect(open.error.contains("chmod 600"), "\(open.error)")
        let missing = try await barid(["status", "--key", folder.file("none")], local: false)
        #expect(missing.code == 66)
        // Letting go of the broker ends it.
        #expect(broker.isRunning)
    }

    @Test func localUsersAreLetInOnlyWhenAskedFor() async throws {
        let (broker, address) = try await broker([
            "--listen", "tcp://127.0.0.1:0", "--allow-local-users",
        ])
        let status = try await barid(["status", "--endpoint", address])
        #expect(status.code == 0, "\(status.error)")
        #expect(status.output.contains("lets every user of this machine in"), "\(status)")
        #expect(!broker.error.contains("server-key"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("data/keys")))
    }

    /// A damaged or open file of keys keeps the broker from starting, and names itself.
    @Test func anOpenKeyFileStopsTheStart() async throws {
        _ = try await barid(["keys", "server"])
        chmod(folder.file("data/keys/server.key"), 0o640)
        let process = try RunningProcess(
            "barid-broker", ["--listen", "tcp://127.0.0.1:0"], environment: environment)
        #expect(try await process.ended() == 77)
        #expect(process.error.contains("chmod 600"), "\(process.error)")
    }
}
