import BaridEngine
import Foundation
import Testing

/// The tables of Protocols/2-bus.md and the code say the same.
struct ProtocolTests {
    @Test func theTableOfReasonsIsTheCodes() throws {
        let rows = try Self.rows(after: "## 10. Errors")
        #expect(Set(rows.map { $0[0] }) == Set(BusFault.Reason.allCases.map(\.rawValue)))
        #expect(rows.count == BusFault.Reason.allCases.count)
    }

    @Test func theTableOfRecordKindsIsTheCodes() throws {
        let rows = try Self.rows(after: "## 11. Records")
        #expect(
            rows.map { "\($0[0]) \($0[1])" }
                == RecordKind.allCases.map { "\($0) \($0.rawValue)" })
    }

    @Test func theLimitsAreTheCodes() throws {
        let configuration = EngineConfiguration()
        let rows = try Self.rows(after: "## 9. Limits").map { $0.joined(separator: " | ") }
        #expect(configuration.maximumEventBytes == 1 << 20)
        #expect(rows.contains { $0.hasPrefix("event | 1 MiB") })
        #expect(configuration.maximumTopics == 64)
        #expect(configuration.maximumGroups == 256)
        #expect(configuration.maximumSubscriptions == 1_024)
        #expect(rows.contains { $0.contains("64, 256, 1,024") })
        #expect(configuration.maximumBatchEvents == 1_024)
        #expect(configuration.maximumBatchBytes == 1 << 20)
        #expect(rows.contains { $0.contains("1,024 events, and 1 MiB unless it is one event") })
        #expect(configuration.maximumOutputs == 1_024)
        #expect(configuration.maximumOutputBytes == 16 << 20)
        #expect(rows.contains { $0.contains("1,024 events, 16 MiB") })
        #expect(configuration.maximumPatterns == 32)
        #expect(configuration.maximumAttributes == 8)
        #expect(rows.contains { $0.contains("8, 32") })
        #expect(configuration.maximumReplays == 64)
        #expect(configuration.maximumReplayRanges == 65_536)
        #expect(rows.contains { $0.contains("64, 65,536") })
        #expect(configuration.maximumGroupNumbers == 4_096)
        #expect(rows.contains { $0.contains("4,096") })
    }

    /// The cells of the first table after a heading, without its head and without backquotes.
    private static func rows(after heading: String) throws -> [[String]] {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("Protocols/2-bus.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == heading })
        let table = lines[start...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        return table.dropFirst(2).map { line in
            line.split(separator: "|").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
        }
    }
}
