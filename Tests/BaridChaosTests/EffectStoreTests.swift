import BaridProof
import Foundation
import TestSupport
import Testing

@testable import BaridChaos

/// What workers' work comes to is there once, whoever did it, and the latest event of a key stands in its row.
@Suite struct EffectStoreTests {
    private func held(_ event: String, key: String, _ sequence: UInt64) -> WorkDesk.Held {
        WorkDesk.Held(
            token: LeaseToken(epoch: 1, sequence: sequence, attempt: 1), event: event,
            publisher: "p", key: key, hash: 0xab, order: .ack, due: .now)
    }

    @Test func anEffectHappensOnceAndTheLatestEventHasTheRow() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/effects"
        let (first, second) = (try EffectStore(folder: path), try EffectStore(folder: path))
        try first.apply(held("a", key: "k", 1))
        try second.apply(held("b", key: "k", 20))
        try first.apply(held("a", key: "k", 1))
        // A worker that was stopped comes late: its event was done, and the row has gone on.
        try first.apply(held("b", key: "k", 20))
        try first.apply(held("c", key: "other", 3))
        let entries = try first.entries(group: "g")
        let effects = entries.filter { $0.operation == .effect }
        #expect(effects.map(\.event) == ["a", "b", "c"])
        #expect(effects.allSatisfy { $0.hash == "ab" && $0.group == "g" })
        let rows = entries.filter { $0.operation == .row }
        #expect(rows.map { "\($0.key) \($0.event)" } == ["k b", "other c"])
    }

    /// Killed between the effect and its row, and delivered again.
    @Test func aRowIsSeenToEachTime() throws {
        let folder = try TemporaryFolder()
        let store = try EffectStore(folder: folder.path)
        try store.apply(held("a", key: "k", 1))
        try FileManager.default.removeItem(atPath: "\(folder.path)/rows/k")
        try store.apply(held("a", key: "k", 1))
        #expect(try store.entries(group: "g").map(\.operation) == [.effect, .row])
    }
}

/// Deliveries of a version that knows no turns are told to the checker, and of no other.
@Suite struct EarlierDeliveriesTests {
    private func history(session: String, epoch: UInt64, turn: UInt64 = 0) -> History {
        History([
            HistoryEntry(.deliver, time: 1, actor: "w") {
                $0.session = session
                $0.token = .init(epoch: epoch, turn: turn, attempt: 1)
            }
        ])
    }

    private let new = Crew.Shift(name: "w", history: "")
    private let old = Crew.Shift(name: "w", history: "", isEarlier: true)

    @Test func theyAreOfAnEarlierWorkerOrAnEarlierBroker() {
        var earlier = EarlierDeliveries(epochs: [2])
        earlier.add(history(session: "a", epoch: 1), of: new)
        earlier.add(history(session: "b", epoch: 1), of: old)
        earlier.add(history(session: "c", epoch: 2), of: new)
        earlier.add(history(session: "d", epoch: 3, turn: 9), of: new)
        #expect(earlier.entries.map(\.session) == ["b", "c"])
    }

    @Test func aVersionThatKnowsTurnsIsHeldToThem() {
        var earlier = EarlierDeliveries(epochs: [2])
        earlier.add(history(session: "a", epoch: 2), of: new)
        earlier.add(history(session: "b", epoch: 2, turn: 1), of: new)
        #expect(earlier.entries.isEmpty)
    }
}
