import BaridEngine
import BaridLog
import BaridSchema
import Foundation
import GRPCCore
import Synchronization
import TestSupport
import Testing

@testable import BaridBroker

/// Protocols/2-bus §15: each reason, forced at the core, and what frees it.
struct ReasonTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    /// State and reason of an event in a group.
    private static func journey(
        _ bench: Bench, _ sequence: UInt64, group: String = "work"
    ) throws -> Barid_Admin_V1_GroupJourney {
        let all = 1...bench.log.durablePosition
        let event = try #require(
            try bench.core.events(in: all, meeting: EventQuestion(sequence: sequence)).first)
        let journeys = try bench.core.standings(of: event).map {
            try bench.core.journey(of: event, in: $0.0, $0.1, [])
        }
        return try #require(journeys.first { $0.group == group })
    }

    private static func settle(
        _ bench: Bench, _ worker: StreamID, _ sequence: UInt64, attempt: UInt32 = 1,
        _ outcome: SettleRequest.Outcome
    ) throws {
        try bench.settle(
            worker,
            SettleRequest(
                number: sequence,
                settlements: [.init(sequence: sequence, attempt: attempt, outcome: outcome)]))
    }

    private static func operate(_ bench: Bench, _ operation: GroupOperation) throws {
        _ = try bench.core.process([
            .perform { core in
                core.operate(topic: "articles", group: "work", operation) { _ in }
            }
        ])
    }

    @Test func leasedThenDone() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker, worker: "w1")
        try bench.publish(publisher, [.test("a")])
        let leased = try Self.journey(bench, 1)
        #expect(leased.state == "OPEN" && leased.reason == "LEASED" && leased.hasUntil)
        #expect(leased.message.contains("w1"))
        try Self.settle(bench, worker, 1, .ack(outputs: []))
        #expect(try Self.journey(bench, 1).state == "SETTLED")
    }

    @Test func backoffThenOutAgain() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a")])
        try Self.settle(bench, worker, 1, .nack(delay: .seconds(5), Self.fault))
        let waiting = try Self.journey(bench, 1)
        #expect(waiting.reason == "BACKOFF" && waiting.hasUntil && waiting.command.isEmpty)
        #expect(waiting.steps.map(\.what) == ["FAILED"])
        #expect(waiting.steps[0].error.reason == "BUSY")
        try bench.advance(by: .seconds(6))
        #expect(try Self.journey(bench, 1).reason == "LEASED")
    }

    @Test func aHeldKeyNamesItsHolder() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("first", subject: "s"), .test("second", subject: "s")])
        let held = try Self.journey(bench, 2)
        #expect(held.reason == "KEY_HELD" && held.message.contains("event 1 "))
        #expect(held.command == "barid why 'first'")
        try Self.settle(bench, worker, 1, .ack(outputs: []))
        #expect(try Self.journey(bench, 2).reason == "LEASED")
    }

    @Test func noWorkerThenNoCreditThenOut() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker, credit: 1)
        try bench.publish(publisher, [.test("a"), .test("b")])
        let busy = try Self.journey(bench, 2)
        #expect(busy.reason == "NO_CREDIT" && busy.command.isEmpty)
        _ = try bench.core.process([.closed(worker, .left)])
        let alone = try Self.journey(bench, 2)
        #expect(alone.reason == "NO_WORKER" && alone.command == "barid up")
        let (next, _) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(next)
        #expect(try Self.journey(bench, 2).reason == "LEASED")
    }

    @Test func pausedUntilResumed() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try Self.operate(bench, .pause)
        try bench.publish(publisher, [.test("a")])
        let paused = try Self.journey(bench, 1)
        #expect(paused.reason == "PAUSED")
        #expect(paused.command == "barid group resume \(paused.group) --topic articles")
        try Self.operate(bench, .resume)
        #expect(try Self.journey(bench, 1).reason == "LEASED")
    }

    @Test func deadLetteredUntilRetried() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a")])
        try Self.settle(bench, worker, 1, .reject(Self.fault))
        let dead = try Self.journey(bench, 1)
        #expect(dead.state == "DEAD_LETTERED" && dead.reason == "DEAD_LETTERED")
        let number = bench.core.engine.durable.groups[0].deadLetters[0].position
        #expect(dead.command == "barid dead-letters retry \(number)")
        try Self.operate(bench, .retry([1]))
        #expect(try Self.journey(bench, 1).reason == "LEASED")
    }

    @Test func suspectsGoOutOneAtATime() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a"), .test("b")])
        _ = try bench.core.process([.closed(worker, .lost)])
        let (next, _) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(next)
        let reasons = try [1, 2].map { try Self.journey(bench, $0).reason }
        #expect(Set(reasons) == ["LEASED", "SUSPECT"])
        let out = reasons[0] == "LEASED" ? 1 : 2 as UInt64
        try Self.settle(bench, next, out, .ack(outputs: []))
        #expect(try Self.journey(bench, 3 - out).reason == "LEASED")
    }

    @Test func aFullWindowStandsStill() throws {
        var configuration = CoreConfiguration()
        configuration.engine.maximumWindow = 2
        let bench = try Bench(configuration: configuration)
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a"), .test("b"), .test("c")])
        let full = try Self.journey(bench, 3)
        #expect(full.reason == "WINDOW_FULL" && full.message.contains("oldest is event 1"))
        #expect(full.command == "barid why 'a'")
        try Self.settle(bench, worker, 1, .ack(outputs: []))
        #expect(try Self.journey(bench, 3).reason == "LEASED")
    }

    /// Works on while there is something to read, turn by turn.
    private static func readOn(_ bench: Bench) throws {
        while bench.core.nextWait() == 0 { _ = try bench.core.process([]) }
    }

    /// A group that is far behind reads on in turns, between which others are dealt with.
    @Test func behindUntilItHasReadOn() throws {
        var configuration = CoreConfiguration()
        configuration.engine.fetchEvents = 1
        let bench = try Bench(configuration: configuration)
        let (publisher, receipts) = try bench.open(.publish)
        for number in 1...40 {
            try bench.publish(publisher, [.test("odd\(number)", type: "news.odd.v1")])
        }
        try bench.publish(publisher, [.test("a")])
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker, types: ["news.test.happened.v1"])
        let behind = try Self.journey(bench, 41)
        #expect(behind.reason == "BEHIND" && behind.command.isEmpty)
        #expect(behind.message.contains("group work is \(40 - Core.readsAtOnce) events behind"))
        _ = receipts.takeMessages()
        try bench.publish(publisher, [.test("meanwhile")])
        #expect(try receipts.publishResponses().count == 1, "nobody waits for the reading")
        #expect(try Self.journey(bench, 41).reason == "BEHIND")
        try Self.readOn(bench)
        #expect(try Self.journey(bench, 41).reason == "LEASED")
    }

    @Test func replayingUntilItIsReadAgain() throws {
        var configuration = CoreConfiguration()
        configuration.engine.fetchEvents = 1
        let bench = try Bench(configuration: configuration)
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, (1...20).map { .test("e\($0)") })
        for sequence in 1...20 {
            try Self.settle(bench, worker, UInt64(sequence), .ack(outputs: []))
        }
        #expect(try Self.journey(bench, 20).state == "SETTLED")
        try Self.operate(bench, .replay([1...20]))
        let replaying = try Self.journey(bench, 20)
        #expect(replaying.reason == "REPLAYING" && replaying.command.isEmpty)
        #expect(replaying.replay == 1)
        try Self.readOn(bench)
        #expect(try Self.journey(bench, 20).reason == "LEASED")
    }

    /// Nothing frees what expired; the same facts go their way under another id.
    @Test func expiredUntilPublishedAgain() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        var event = Barid_Bus_V1_Event.test("a", subject: "s")
        event.expiryTime = .init(nanoseconds: bench.now.wall + 1_000_000_000)
        try bench.publish(publisher, [event])
        try bench.advance(by: .seconds(2))
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        let all = 1...bench.log.durablePosition
        let found = try #require(
            try bench.core.events(in: all, meeting: EventQuestion(sequence: 1)).first)
        let (group, standing) = try #require(bench.core.standings(of: found).first)
        let key = EventHistory.Key(group: group, sequence: 1)
        var history = EventHistory([found], [key: (found.position, .done)])
        try history.take(bench.log.read(from: 1, maximumBytes: 1 << 20, maximumCount: 1_000))
        let expired = try bench.core.journey(
            of: found, in: group, standing, history.steps[key] ?? [])
        #expect(expired.state == "EXPIRED" && expired.reason == "EXPIRED")
        #expect(expired.message.contains("another id") && expired.command.isEmpty)
        event.id = "b"
        event.clearExpiryTime()
        try bench.publish(publisher, [event])
        #expect(try Self.journey(bench, 2).reason == "LEASED")
    }

    /// The index is built between other work, and whoever waits for it is told when it is there.
    @Test func theIndexGrowsBetweenOtherWork() throws {
        let bench = try Bench()
        let (publisher, receipts) = try bench.open(.publish)
        let data = String(repeating: "x", count: 200_000)
        for number in 0..<20 { try bench.publish(publisher, [.test("e\(number)", data: data)]) }
        let answers = Atomic(0)
        let ask: @Sendable (Core) -> Void = { core in
            core.whenIndexed { if case .success = $0 { answers.add(1, ordering: .relaxed) } }
        }
        _ = try bench.core.process([.perform(ask)])
        #expect(answers.load(ordering: .relaxed) == 0 && bench.core.nextWait() == 0)
        _ = receipts.takeMessages()
        try bench.publish(publisher, [.test("meanwhile")])
        #expect(try receipts.publishResponses().count == 1)
        #expect(answers.load(ordering: .relaxed) == 0)
        try Self.readOn(bench)
        #expect(answers.load(ordering: .relaxed) == 1 && bench.core.nextWait() != 0)
        #expect(try #require(bench.core.index).next > bench.log.durablePosition)
    }

    @Test func theDiskFloorHoldsOutputs() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a")])
        bench.log.space.ready = 1 << 20
        try bench.advance(by: .seconds(1))
        #expect(try Self.journey(bench, 1).reason == "DISK_FLOOR")
        bench.log.space.ready = 1 << 40
        try bench.advance(by: .seconds(1))
        #expect(try Self.journey(bench, 1).reason == "LEASED")
    }

    @Test func aStoppingBrokerSaysSo() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, _) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker, credit: 1)
        try bench.publish(publisher, [.test("a"), .test("b")])
        _ = try bench.core.process([.perform { $0.drain {} }])
        #expect(try Self.journey(bench, 2).reason == "BROKER_DRAINING")
    }

    /// Every reason of the engine is a row of the table, and the other way round.
    @Test func theTableOfReasonsIsWhole() throws {
        let text = try Repository.text(of: "Protocols/2-bus.md")
        let section = try #require(text.range(of: "## 15."))
        let rows = text[section.upperBound...].split(separator: "\n").compactMap { line in
            line.hasPrefix("| `") ? line.split(separator: "`").dropFirst().first : nil
        }
        let own = ["NO_SUBSCRIBER", "DEAD_LETTERED", "EXPIRED"]
        #expect(
            Set(rows.map(String.init)) == Set(Core.Block.Reason.allCases.map(\.rawValue) + own))
    }
}
