import Foundation
import TestSupport
import Testing

/// Protocols/4-plugin §4: the workers that come with Barid keep the contract like anybody's.
///
/// The Python tests hold the summarizer to it, and prove by mutants that each check can fail.
@Suite(.timeLimit(.minutes(5))) struct ConformanceTests {
    private struct Report: Decodable {
        struct Check: Decodable {
            var check: String
            var outcome: String
            var reason: String?
        }

        var checks: [Check]
    }

    @Test(arguments: ["Parser", "EntityTagger", "Moderator", "Indexer"])
    func aWorkerPassesEveryCheck(plugin: String) async throws {
        let folder = try TemporaryFolder()
        let kit = try RunningProcess(
            "barid", ["plugin", "conform", "\(Repository.root)/Plugins/\(plugin)", "--json"],
            environment: ["HOME": folder.path])
        let code = try await kit.ended(within: .seconds(240))
        #expect(code == 0, "\(kit.error)")
        let report = try JSONDecoder().decode(Report.self, from: Data(kit.output.utf8))
        let others = report.checks.filter { $0.outcome != "passed" }
        // Only a handler that can be told to be slow shows these.
        #expect(
            Set(others.map(\.check)) == ["lease-extended", "handler-cancelled"], "\(others)")
        #expect(others.allSatisfy { $0.outcome == "skipped" }, "\(others)")
        #expect(report.checks.count > 40)
    }
}
