import BaridEngine
import BaridLog
import BaridSchema
import GRPCCore
import Testing

@testable import BaridBroker

/// Protocols/2-bus, "Durability": effects wait for the commit.
struct CoreTests {
    @Test func noReceiptLeavesBeforeTheCommit() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        var sentBefore: [Int] = []
        bench.log.beforeCommit = { sentBefore.append(stream.messages.count) }
        try bench.publish(id, [.test("a"), .test("b")])
        #expect(sentBefore == [0])
        let responses = try stream.publishResponses()
        #expect(responses.flatMap(\.receipts).map(\.firstSequence) == [1])
        #expect(responses.flatMap(\.receipts).map(\.count) == [2])
        #expect(responses.map(\.durability) == [.fsync])
        #expect(stream.credit > 0)
    }

    @Test func noReceiptLeavesWhenTheCommitFails() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        bench.log.failsCommits = true
        #expect(throws: LogError.self) { try bench.publish(id, [.test("a")]) }
        #expect(stream.messages.isEmpty)
        #expect(stream.credit == 0)
    }

    @Test func noDeliveryAndNoSettleResultLeavesBeforeTheCommit() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        let (worker, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        _ = stream.takeMessages()
        var sentBefore: [Int] = []
        bench.log.beforeCommit = { sentBefore.append(stream.messages.count) }
        try bench.publish(publisher, [.test("a")])
        #expect(sentBefore == [0])
        #expect(try stream.subscribeResponses().flatMap(\.sequences) == [1])
        try bench.settle(
            worker, SettleRequest(number: 4, acks: [.init(first: 1, count: 1, attempt: 1)]))
        #expect(sentBefore == [0, 0])
        #expect(try stream.subscribeResponses().map(\.settled) == [4])
    }

    @Test func whatIsWaitingIsCommittedAtOnce() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        let commits = bench.log.commits
        let mail = try (0..<50).map { number -> Mail in
            let bytes: [UInt8] = try Barid_Bus_V1_Event.test("\(number)").serializedBytes()
            return .request(
                id, .publish(id, topic: "articles", events: [bytes[...]]), bytes: bytes.count)
        }
        _ = try bench.core.process(mail)
        #expect(bench.log.commits == commits + 1)
        let responses = try stream.publishResponses()
        #expect(responses.count == 1)
        #expect(responses[0].receipts.map(\.count) == Array(repeating: 1, count: 50))
    }

    @Test func whatAppendsNothingCommitsNothing() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        let commits = bench.log.commits
        _ = try bench.core.process([.halfClosed(id), .perform { _ in }])
        _ = try bench.core.process([.perform { _ in }])
        #expect(bench.log.commits == commits)
        #expect(stream.status?.code == .ok)
    }

    /// A core all of whose commits another thread syncs, until the test says that it is done.
    private func aside() throws -> Bench {
        var configuration = CoreConfiguration()
        configuration.asideBytes = 0
        configuration.commitBytes = 1_000
        let bench = try Bench(configuration: configuration)
        bench.log.leavesCommits = true
        return bench
    }

    @Test func nothingLeavesBeforeTheSyncOnAnotherThreadIsOver() throws {
        let bench = try aside()
        let (publisher, stream) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        #expect(bench.log.isUnderWay)
        #expect(stream.messages.isEmpty)
        #expect(stream.credit == 0)
        // The core goes on: a repeat and a new event wait for the next commit, the end of the stream
        // for both.
        let commits = bench.log.commits
        try bench.publish(publisher, [.test("a")])
        try bench.publish(publisher, [.test("b")])
        _ = try bench.core.process([.halfClosed(publisher)])
        #expect(bench.core.engine.durable.topics[0].next == 3)
        #expect(bench.log.commits == commits)
        #expect(stream.messages.isEmpty)
        #expect(stream.status == nil)

        bench.log.endsCommits = true
        bench.log.leavesCommits = false
        var sentBefore: [Int] = []
        bench.log.beforeCommit = { sentBefore.append(stream.messages.count) }
        _ = try bench.core.process([.commitEnded])
        #expect(sentBefore == [0, 1])
        let receipts = try stream.publishResponses().flatMap(\.receipts)
        #expect(receipts.map(\.firstSequence) == [1, 1, 2])
        #expect(receipts.map(\.duplicate) == [false, true, false])
        #expect(stream.status?.code == .ok)
        #expect(stream.credit > 0)
    }

    @Test func aCommitThatIsLargeEnoughWaitsForTheOneUnderWay() throws {
        let bench = try aside()
        let (publisher, stream) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        let commits = bench.log.commits
        let large = String(repeating: "x", count: bench.core.configuration.commitBytes)
        try bench.publish(publisher, [.test("b", data: large)])
        #expect(bench.log.commits == commits + 1)
        #expect(bench.log.isUnderWay)
        #expect(try stream.publishResponses().flatMap(\.receipts).map(\.firstSequence) == [1])
    }

    @Test func whoAsksWhatIsCommittedFindsEverythingCommitted() throws {
        let bench = try aside()
        let (publisher, stream) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        var asked: [UInt64] = []
        bench.core.afterCommit { asked.append(bench.log.durablePosition) }
        try bench.publish(publisher, [.test("b")])
        #expect(asked == [bench.core.engine.durable.nextPosition - 1])
        try bench.publish(publisher, [.test("c")])
        #expect(bench.log.isUnderWay)
        _ = try bench.core.process([
            .perform { core in
                #expect(core.underWay == nil)
                #expect(core.log.durablePosition == core.engine.durable.nextPosition - 1)
            }
        ])
        #expect(
            try stream.publishResponses().flatMap(\.receipts).map(\.firstSequence) == [1, 2, 3])
    }

    @Test func drainedIsSaidOnceTheLastAcksAreDurable() throws {
        let bench = try aside()
        bench.log.leavesCommits = false
        let (publisher, _) = try bench.open(.publish)
        let (worker, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        try bench.publish(publisher, [.test("a")])
        bench.log.leavesCommits = true
        var isDrained = false
        bench.core.drain { isDrained = true }
        _ = stream.takeMessages()
        try bench.settle(
            worker, SettleRequest(number: 1, acks: [.init(first: 1, count: 1, attempt: 1)]))
        #expect(bench.log.isUnderWay)
        #expect(!isDrained)
        bench.log.endsCommits = true
        _ = try bench.core.process([.commitEnded])
        #expect(isDrained)
        #expect(try stream.subscribeResponses().contains { $0.settled == 1 })
    }

    /// A reader at the end of what is durable is told so, however much is under way.
    @Test func aReaderIsNotHeldBackByACommitUnderWay() throws {
        let bench = try aside()
        bench.log.leavesCommits = false
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        bench.log.leavesCommits = true
        try bench.publish(publisher, [.test("b")])
        let (id, stream) = try bench.open(.read)
        _ = try bench.core.process([.read(id, ReadPlan(topic: "articles", start: .first))])
        let responses = try stream.readResponses()
        #expect(responses.flatMap(\.events).count == 1)
        #expect(responses.last?.caughtUp == true)
        #expect(stream.status?.code == .ok)
        #expect(bench.core.nextWait() != 0, "there is nothing to do until then")
    }

    @Test func aBusyBrokerWhoseCommitsOverlapKeepsItsSnapshotFresh() throws {
        var configuration = CoreConfiguration()
        configuration.asideBytes = 0
        configuration.snapshotRecords = 10
        let log = WatchedLog()
        log.leavesCommits = true
        log.endsCommits = true
        let bench = try Bench(log: log, configuration: configuration)
        let (publisher, _) = try bench.open(.publish)
        for number in 0..<40 { try bench.publish(publisher, [.test("\(number)")]) }
        let snapshot = try #require(try log.latestSnapshot())
        #expect(log.lastPosition - snapshot.position <= 12)
    }

    @Test func aCommitStaysSmall() throws {
        var configuration = CoreConfiguration()
        configuration.commitBytes = 1_000
        let bench = try Bench(configuration: configuration)
        let (id, stream) = try bench.open(.publish)
        let commits = bench.log.commits
        let event: (Int) throws -> ArraySlice<UInt8> = { number in
            let bytes: [UInt8] = try Barid_Bus_V1_Event.test(
                "\(number)", data: String(repeating: "x", count: 600)
            ).serializedBytes()
            return bytes[...]
        }
        _ = try bench.core.process(
            (0..<4).map {
                .request(id, .publish(id, topic: "articles", events: [try event($0)]), bytes: 1)
            })
        #expect(bench.log.commits == commits + 2)
        #expect(try stream.publishResponses().flatMap(\.receipts).count == 4)
    }

    @Test func aRestartResumes() throws {
        let log = WatchedLog()
        let first = try Bench(log: log)
        let (publisher, _) = try first.open(.publish)
        try first.publish(publisher, [.test("a"), .test("b"), .test("c")])
        let (worker, stream) = try first.open(.subscribe(session: 1))
        try first.subscribe(worker, credit: 2)
        #expect(try stream.subscribeResponses().flatMap(\.sequences) == [1, 2])
        try first.settle(
            worker, SettleRequest(number: 1, acks: [.init(first: 1, count: 1, attempt: 1)]))
        try first.core.close()

        let second = try Bench(log: log)
        #expect(second.core.engine.durable.epoch == 2)
        let (again, next) = try second.open(.subscribe(session: 1))
        try second.subscribe(again)
        let responses = try next.subscribeResponses()
        #expect(responses.first?.started.epoch == 2)
        #expect(responses.flatMap(\.sequences) == [2, 3])
        #expect(responses.flatMap(\.attempts) == [2, 1])
    }

    @Test func aSnapshotShortensTheStart() throws {
        let log = WatchedLog()
        var configuration = CoreConfiguration()
        configuration.idleSnapshotRecords = 10
        let first = try Bench(log: log, configuration: configuration)
        let (publisher, _) = try first.open(.publish)
        for number in 0..<20 { try first.publish(publisher, [.test("\(number)")]) }
        try first.advance(by: .milliseconds(200))
        let snapshot = try #require(try log.latestSnapshot())
        #expect(snapshot.position == log.lastPosition)
        try first.publish(publisher, [.test("after")])
        let second = try Bench(log: log, configuration: configuration)
        #expect(second.core.engine.durable.topics[0].next == 22)
        let (again, stream) = try second.open(.publish)
        try second.publish(again, [.test("3"), .test("after")])
        #expect(try stream.publishResponses().flatMap(\.receipts).map(\.duplicate) == [true, true])
    }

    /// Snapshots do not wait for an idle moment.
    ///
    /// Protocols/6-log §7: "The broker SHALL begin one after 200,000 records or 512 MiB (*settings*),
    /// however busy it is".
    @Test(arguments: [(10, Int.max), (1_000_000, 2_000)] as [(UInt64, Int)])
    func aBusyBrokerKeepsItsSnapshotFresh(records: UInt64, bytes: Int) throws {
        let log = WatchedLog()
        var configuration = CoreConfiguration()
        configuration.snapshotRecords = records
        configuration.snapshotBytes = bytes
        let bench = try Bench(log: log, configuration: configuration)
        let (publisher, _) = try bench.open(.publish)
        // The clock stands still: there is no idle moment.
        for number in 0..<100 { try bench.publish(publisher, [.test("\(number)")]) }
        let snapshot = try #require(try log.latestSnapshot())
        #expect(snapshot.position + 25 > log.lastPosition)
        #expect(log.snapshotPositions.count == 2)
    }

    @Test func aFullLogRefusesPublishesAndTakesThemAgain() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        try bench.publish(id, [.test("a")])
        bench.log.space.ready = 30 << 20
        try bench.advance(by: .seconds(1))
        try bench.publish(id, [.test("b")])
        bench.log.space.ready = 1 << 40
        try bench.advance(by: .seconds(1))
        try bench.publish(id, [.test("b")])
        let receipts = try stream.publishResponses().flatMap(\.receipts)
        #expect(receipts.map(\.error.reason) == ["", "STORAGE_FULL", ""])
        #expect(receipts[1].error.retryAfterMs > 0)
        #expect(receipts[2].firstSequence == 2)
    }

    @Test func redeliversByTheClock() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a", data: "payload")])
        let (worker, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")
        try bench.settle(
            worker,
            SettleRequest(
                number: 1,
                settlements: [
                    .init(sequence: 1, attempt: 1, outcome: .nack(delay: .zero, fault))
                ]))
        _ = stream.takeMessages()
        try bench.advance(by: .seconds(2))
        let responses = try stream.subscribeResponses()
        #expect(responses.flatMap(\.attempts) == [2])
        let event = try Barid_Bus_V1_Event(
            serializedBytes: try #require(responses.flatMap(\.events).first))
        #expect(event.textData == "payload")
    }

    @Test func halfClosingAPublisherEndsItAfterItsReceipts() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        let bytes: [UInt8] = try Barid_Bus_V1_Event.test("a").serializedBytes()
        _ = try bench.core.process([
            .request(id, .publish(id, topic: "articles", events: [bytes[...]]), bytes: 1),
            .halfClosed(id),
        ])
        #expect(stream.messages.count == 1)
        #expect(stream.status?.code == .ok)
    }

    @Test func aRefusedSubscriptionEndsTheCall() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(id, group: "Not A Name")
        #expect(stream.status?.code == .invalidArgument)
        #expect(stream.metadata[stringValues: "barid-reason"].first { _ in true } == "INVALID_NAME")
    }

    @Test func drainingWaitsForWhatIsLeased() throws {
        let bench = try Bench()
        let (publisher, receipts) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a"), .test("b")])
        let (worker, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker, credit: 1)
        _ = stream.takeMessages()
        nonisolated(unsafe) var drained = false
        _ = try bench.core.process([.perform { $0.drain { drained = true } }])
        #expect(try stream.subscribeResponses().map(\.draining) == [true])
        #expect(!drained)
        _ = receipts.takeMessages()
        try bench.publish(publisher, [.test("c")])
        #expect(
            try receipts.publishResponses().flatMap(\.receipts).map(\.error.reason) == ["DRAINING"])
        let output: [UInt8] = try Barid_Bus_V1_Event.test("out").serializedBytes()
        try bench.settle(
            worker,
            SettleRequest(
                number: 1,
                settlements: [
                    .init(sequence: 1, attempt: 1, outcome: .ack(outputs: [output[...]]))
                ]))
        #expect(drained)
        #expect(bench.core.engine.durable.topics[0].next == 4)
        _ = try bench.core.process([.perform { $0.endStreams() }])
        #expect(stream.status?.code == .ok)
        #expect(receipts.status?.code == .unavailable)
    }

    @Test func readsFromThePastAndFollows() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        for number in 0..<10 {
            try bench.publish(
                publisher,
                [.test("\(number)", type: number < 5 ? "low" : "high", subject: "s\(number % 2)")])
        }
        let (id, stream) = try bench.open(.read)
        var plan = ReadPlan(topic: "articles", start: .sequence(3))
        plan.follow = true
        plan.patterns = [try #require(TypePattern("high"))]
        plan.subjects = [Array("s1".utf8)]
        _ = try bench.core.process([.read(id, plan)])
        var responses = try stream.readResponses()
        #expect(responses.flatMap(\.sequences) == [6, 8, 10])
        #expect(responses.last?.caughtUp == true)
        #expect(responses.last?.nextSequence == 11)
        #expect(responses.flatMap(\.storedNs).allSatisfy { $0 > 1_600_000_000_000_000_000 })
        try bench.publish(publisher, [.test("x", type: "high", subject: "s1")])
        responses = try stream.readResponses()
        #expect(responses.flatMap(\.sequences) == [11])
        #expect(stream.status == nil)
    }

    @Test func readsToTheEndOrToAMaximum() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, (0..<10).map { .test("\($0)") })
        let (id, stream) = try bench.open(.read)
        _ = try bench.core.process([.read(id, ReadPlan(topic: "articles", start: .first))])
        #expect(try stream.readResponses().flatMap(\.sequences) == Array(1...10))
        #expect(stream.status?.code == .ok)
        let (second, limited) = try bench.open(.read)
        _ = try bench.core.process([
            .read(second, ReadPlan(topic: "articles", start: .first, maximum: 4))
        ])
        #expect(try limited.readResponses().flatMap(\.sequences) == Array(1...4))
        #expect(limited.status?.code == .ok)
    }

    @Test func readsATopicThatDoesNotExistYet() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.read)
        var plan = ReadPlan(topic: "articles", start: .new)
        plan.follow = true
        _ = try bench.core.process([.read(id, plan)])
        #expect(try stream.readResponses().map(\.caughtUp) == [true])
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        #expect(try stream.readResponses().flatMap(\.sequences) == [1])
    }

    @Test func aSlowReaderIsNotFed() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        let (id, stream) = try bench.open(.read)
        stream.unsentBytes = 1 << 20
        var plan = ReadPlan(topic: "articles", start: .first)
        plan.follow = true
        _ = try bench.core.process([.read(id, plan)])
        #expect(stream.messages.isEmpty)
        stream.unsentBytes = 0
        try bench.advance(by: .milliseconds(100))
        #expect(try stream.readResponses().flatMap(\.sequences) == [1])
    }
}
