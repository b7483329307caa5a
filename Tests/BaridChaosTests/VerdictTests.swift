import BaridProof
import BaridTransport
import Foundation
import TestSupport
import Testing

@testable import BaridChaos

/// The verdict names what was broken, and counts what a history shows.
@Suite struct VerdictTests {
    /// A worker holds one event when it is killed; another gets it 300 ms later.
    private func history(stored: Bool) -> History {
        func entry(
            _ operation: HistoryEntry.Operation, _ time: Int64, _ actor: String,
            _ fill: (inout HistoryEntry) -> Void = { _ in }
        ) -> HistoryEntry {
            HistoryEntry(operation, time: time * 1_000_000, actor: actor) {
                $0.topic = ProvenEvent.topic
                fill(&$0)
            }
        }
        func about(_ attempt: UInt64) -> (inout HistoryEntry) -> Void {
            {
                $0.event = "p-1"
                $0.group = ProofConfiguration.group
                $0.session = "s\(attempt)"
                $0.token = .init(epoch: 1, attempt: attempt)
                $0.hash = "ab"
                $0.key = "k"
                $0.type = ProvenEvent.type
                $0.offset = 1
            }
        }
        var entries = [
            entry(.group, 0, "prover") {
                $0.group = ProofConfiguration.group
                $0.types = [ProvenEvent.type]
                $0.offset = 1
            },
            entry(.publishTry, 1, "p") { about(1)(&$0) },
            entry(.publishOK, 2, "p") {
                $0.event = "p-1"
                $0.offset = 1
            },
            entry(.deliver, 10, "worker-1", about(1)),
            entry(.sessionEnd, 100, "worker-1") {
                $0.session = "s1"
                $0.from = 100_000_000
            },
            entry(.deliver, 400, "worker-2", about(2)),
            entry(.ackTry, 401, "worker-2", about(2)),
            entry(.ackOK, 402, "worker-2", about(2)),
            entry(.heal, 500, "prover"),
            entry(.end, 900, "prover"),
        ]
        if stored { entries.append(entry(.log, 800, "broker", about(1))) }
        return History(entries)
    }

    private let shifts = [Crew.Shift(name: "worker-1", history: "", killed: 100_000_000)]

    @Test func aGoodHistoryIsProvenAndMeasured() {
        var verdict = Verdict(seed: 1)
        verdict.recoveries.add(.milliseconds(40))
        verdict.judge(history(stored: true), shifts: shifts)
        #expect(verdict.isProven, "\(verdict.violations)")
        #expect(
            verdict.summary
                == "acked 1, lost 0, duplicated 1, worst redelivery 300 ms, recovery p50 40 ms max 40 ms"
        )
    }

    /// From the first try to publish to the first delivery, whatever came after.
    @Test func aLatencyEndsWithTheFirstDelivery() {
        var verdict = Verdict(seed: 1)
        verdict.judge(history(stored: true), shifts: shifts)
        #expect(verdict.latencies.count == 1)
        #expect(verdict.latencies.first?.time ?? .zero > .zero)
        #expect(verdict.latencies.first?.time ?? .zero < .milliseconds(11))
    }

    @Test(arguments: [(1, 1), (50, 50), (99, 99), (100, 100), (0, 1), (101, 100)])
    func percentilesAreOfTheValues(percent: Int, value: Int) {
        var durations = Durations()
        #expect(durations.percentile(percent) == nil)
        for value in (1...100).shuffled() { durations.add(.seconds(value)) }
        #expect(durations.percentile(percent) == .seconds(value))
    }

    @Test func accessIsToldToTheBroker() {
        #expect(ArenaAccess().brokerArguments.isEmpty)
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 7_450)
        #expect(
            ArenaAccess(listen: endpoint).brokerArguments
                == ["--listen", "tcp://127.0.0.1:7450", "--allow-local-users"])
        #expect(
            ArenaAccess(listen: endpoint, usesKeys: true).brokerArguments
                == ["--listen", "tcp://127.0.0.1:7450"])
    }

    @Test func aLostEventIsNamed() {
        var verdict = Verdict(seed: 1)
        verdict.judge(history(stored: false), shifts: shifts)
        #expect(!verdict.isProven && verdict.lost == 1)
        #expect(verdict.violations.contains { $0.check == "durability" })
        #expect(verdict.violations.contains { $0.statement.contains("p-1") })
    }

    /// A kill may cut the last line of a history short; the lines before it count.
    @Test func aCutLineIsLeftOut() throws {
        let folder = try TemporaryFolder()
        let whole = history(stored: true).lines
        let path = try folder.write(whole + "{\"t_mono\":1,\"ac", to: "a.jsonl")
        #expect(try HistoryFiles.read(path).entries.count == whole.split(separator: "\n").count)
    }

    @Test(arguments: [
        ([], nil, nil), ([3], 3, 3), ([9, 1, 5], 5, 9), ([4, 1, 2, 3], 2, 4),
    ])
    func medianAndLongest(values: [Int64], median: Int64?, longest: Int64?) {
        var durations = Durations()
        for value in values { durations.add(.seconds(value)) }
        #expect(durations.median == median.map { .seconds($0) })
        #expect(durations.longest == longest.map { .seconds($0) })
    }
}
