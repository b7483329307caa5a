import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// The built `barid`: help, exit codes, messages; nothing here needs a broker.
///
/// One after the other, because a process started beside another inherits the ends of its pipes.
@Suite(.serialized) struct CommandLineTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func barid(
        _ arguments: [String], input: String = ""
    ) async throws -> (
        code: Int32, output: String, error: String
    ) {
        let process = try RunningProcess(
            "barid", arguments,
            environment: [
                "BARID_ENDPOINT": "ipc://\(folder.path)/none.ipc", "BARID_DATA": folder.path,
                "XDG_CONFIG_HOME": folder.path,
            ], input: input)
        let code = try await process.ended()
        return (code, process.output, process.error)
    }

    @Test func everyCommandHasHelpWithExamples() async throws {
        let help = try await barid(["--help"])
        #expect(help.code == 0)
        for group in ["EVERYDAY", "PLUGINS", "OPERATE"] { #expect(help.output.contains(group)) }
        for command in [
            "up", "down", "publish", "watch", "search", "article", "status", "call", "prove",
            "backup",
            "restore", "doctor",
        ] {
            let help = try await barid([command, "--help"])
            #expect(help.code == 0 && help.output.contains("barid \(command)"), "\(command)")
            #expect(help.output.contains("Examples:"), "\(command)")
            #expect(help.output.contains("--json"), "\(command)")
        }
    }

    @Test(arguments: [
        ["publish"], ["publish", "--nonsense"], ["nonsense"], ["search"],
        ["search", "a", "--limit", "0"],
        ["search", "a", "--limit", "101"], ["publish", "a", "b", "--id", "x"], ["call"],
        ["publish", "a.jsonl", "--id", "x"], ["publish", "a.ndjson", "--url", "x"],
        ["publish", "a", "--deadline", "0"], ["publish", "a", "--as", "html"],
        ["call", "--list", "x"], ["group", "replay", "x"], ["group", "reset", "x"],
        ["group", "reset", "x", "--to", "yesterday"], ["group", "create", "x", "--attribute", "a"],
        ["group", "create", "x", "--maximum-deliveries", "1001"],
        ["prove", "--minutes", "0"], ["prove", "--rate", "0"], ["prove", "--seed", "x"],
        ["publish", "--id", "", "a"], ["publish", "a", "--charset", "x y"], ["publish", "-", "-"],
    ])
    func wrongUsageIs64(arguments: [String]) async throws {
        let answer = try await barid(arguments)
        #expect(answer.code == 64 && answer.output.isEmpty && !answer.error.isEmpty, "\(answer)")
    }

    @Test(arguments: [
        ["status"], ["group", "list"], ["search", "x"], ["article", "x"], ["down"], ["watch"],
        ["call", "Index/Search"],
    ])
    func withoutABrokerItSaysHowToStartOne(arguments: [String]) async throws {
        let answer = try await barid(arguments)
        #expect(answer.code == 69, "\(answer)")
        #expect(answer.error.contains("barid up") && answer.output.isEmpty)
    }

    /// What cannot be read is told without a broker.
    @Test func badFilesAreToldWithoutABroker() async throws {
        let empty = try folder.write("", to: "empty.txt")
        let answer = try await barid(["publish", empty, folder.file("none.txt")])
        #expect(answer.code == 65)
        #expect(answer.error.contains("empty.txt: is empty"))
        #expect(answer.error.contains("none.txt: there is no such file"))
        #expect(try await barid(["publish", "-"], input: "\u{0}").code == 65)
        #expect(try await barid(["publish", folder.file("none.txt")]).code == 66)
    }

    @Test func goodFilesNeedABroker() async throws {
        let answer = try await barid(["publish", "--samples", "--deadline", "1"])
        #expect(answer.code == 69 && answer.error.contains("barid up"), "\(answer)")
    }

    @Test func callKnowsItsMethods() async throws {
        let list = try await barid(["call", "--list", "--json"])
        #expect(list.code == 0)
        for method in [
            "barid.index.v1.Index/Search", "barid.tagger.v1.EntityTagger/Tag",
            "barid.parser.v1.Parser/Parse", "barid.moderator.v1.Moderator/Moderate",
            "grpc.health.v1.Health/Check",
        ] {
            #expect(list.output.contains("\"method\":\"\(method)\""))
        }
        // Whether anybody serves it only a broker knows.
        #expect(try await barid(["call", "Nothing/Here"]).code == 69)
        #expect(try await barid(["call", "Index/Search", "{\"nothing\": 1}"]).code == 65)
        let catalog = try MethodCatalog()
        #expect(catalog.find("Index/search").map(\.path) == ["barid.index.v1.Index/Search"])
        #expect(catalog.find("dex/Search").isEmpty)
    }

    @Test func completionsAreThere() async throws {
        for shell in ["bash", "zsh", "fish"] {
            let script = try await barid(["--generate-completion-script", shell])
            #expect(script.code == 0 && script.output.contains("publish"))
        }
    }

    @Test func configurationSaysWhereItCameFrom() async throws {
        let answer = try await barid(["status", "--print-configuration"])
        #expect(answer.code == 0)
        #expect(answer.output.contains("environment BARID_ENDPOINT"))
    }
}
