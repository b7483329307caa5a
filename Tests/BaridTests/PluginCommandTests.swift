import Barid
import Foundation
import TestSupport
import Testing

/// Protocols/4-plugin.md §2: what a plugin's executable answers, without a broker.
@Suite(.timeLimit(.minutes(1)))
struct PluginCommandTests {
    private func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> (code: Int32, output: String, error: String) {
        let process = try RunningProcess(
            "EchoWorker", arguments, environment: environment, input: input)
        let code = try await process.ended(within: .seconds(50))
        return (code, process.output, process.error)
    }

    @Test func describePrintsTheManifestItWasBuiltWith() async throws {
        let text = try await run(["describe"])
        #expect(text.code == 0)
        #expect(text.output == (try Repository.text(of: "Tests/EchoWorker/plugin.yaml")))
        let json = try await run(["describe", "--json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["name"] as? String == "echo")
        let consumes = try #require(object["consumes"] as? [String: Any])
        #expect(consumes["prefetch"] as? Int == 2)
        #expect(consumes["group"] as? String == "echo")
    }

    @Test func processReadsALineAndWritesALine() async throws {
        let lines = try await run(["process"], input: "\"echo one\"\n\n\"echo two\"\r\n")
        #expect(lines.code == 0)
        let bodies = lines.output.split(separator: "\n").map { $0.filter { $0 != "\"" } }
        #expect(
            bodies.map { Data(base64Encoded: String($0)) } == [
                Data("echo one #1".utf8), Data("echo two #1".utf8),
            ])
    }

    @Test func processOfEventsGivesEvents() async throws {
        let input = """
            {"specversion":"1.0","id":"7","source":"/t","type":"test.barid.order.given.v1",\
            "subject":"s","datacontenttype":"application/json","data":"echo"}
            """
        let result = try await run(["process", "--as", "event", "-"], input: input)
        #expect(result.code == 0, "\(result.error)")
        let event = try EventEnvelope(json: Array(result.output.utf8))
        #expect(event.type == "test.barid.echo.heard.v1")
        #expect(event.causationID == "7")
        #expect(event.subject == "s")
    }

    /// A bad line is told with its place, the others go on, and the code says that one was bad.
    @Test func badLinesAreToldAndTheRestGoesOn() async throws {
        let folder = try TestSupport.TemporaryFolder()
        let file = try folder.write("\"echo one\"\n{\n\"refuse\"\n\"echo two\"\n", to: "in.jsonl")
        let result = try await run(["process", file, folder.file("missing.jsonl")])
        #expect(result.code == 65)
        #expect(result.output.split(separator: "\n").count == 2)
        #expect(result.error.contains("\(file):2: "))
        #expect(result.error.contains("\(file):3: as ordered"))
        #expect(result.error.contains("missing.jsonl: cannot be read"))
    }

    @Test(
        arguments: [
            (["process", "/nonexistent/file"], 66, "cannot be read"),
            (["process", "--as", "text"], 65, "does not read plain text"),
            (["process", "--as", "poem"], 64, "poem"), (["--frobnicate"], 64, "frobnicate"),
            (["serve", "--set", "colour=red"], 65, "echo has no setting colour"),
            (["serve", "--endpoint", "tcp://192.0.2.1:1"], 77, "a key is needed"),
            (["serve", "--key", "/nonexistent/key"], 66, "/nonexistent/key"),
        ] as [([String], Int32, String)])
    func errorsHaveTheirCodeAndASentence(
        arguments: [String], code: Int32, part: String
    ) async throws {
        let folder = try TestSupport.TemporaryFolder()
        let result = try await run(
            arguments, environment: ["HOME": folder.path], input: "a line\n")
        #expect(result.code == code)
        #expect(result.error.contains(part), "\(result.error)")
        #expect(result.output.isEmpty)
    }

    @Test func serveSaysWhereEverySettingComesFrom() async throws {
        let folder = try TestSupport.TemporaryFolder()
        let result = try await run(
            ["serve", "--print-configuration"],
            environment: ["HOME": folder.path, "BARID_DATA": folder.file("d")])
        #expect(result.code == 0)
        #expect(result.output.contains("data = \(folder.file("d")) (environment BARID_DATA)"))
        #expect(result.output.contains("(default)"))
    }
}
