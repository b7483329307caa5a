import BaridEngine
import BaridLog
import BaridSchema
import GRPCCore
import Logging
import Testing

@testable import BaridBroker

/// Protocols/2-bus §8.1, "What is kept".
@Suite struct RetentionTests {
    /// A core on small segments in memory's stead: each part is 256 records.
    private func bench(
        _ rules: String..., log: WatchedLog = WatchedLog(), events: Int = 1_200,
        group: Bool = false
    ) throws -> (Bench, StreamID) {
        var configuration = CoreConfiguration()
        configuration.retention = try RetentionRules(rules)
        configuration.snapshotRecords = 100
        let bench = try Bench(log: log, configuration: configuration)
        let (publisher, _) = try bench.open(.publish)
        if group {
            let (worker, _) = try bench.open(.subscribe(session: 1))
            try bench.subscribe(worker, credit: 0)
        }
        for number in 0..<events { try bench.publish(publisher, [.test("\(number)")]) }
        return (bench, publisher)
    }

    private func first(_ bench: Bench) -> UInt64 { bench.core.engine.durable.topics[0].first }

    @Test func everythingIsKeptByDefault() throws {
        let (bench, _) = try bench("all")
        try bench.advance(by: .seconds(100))
        #expect(first(bench) == 1)
        #expect(bench.log.firstPosition == 1)
        #expect(try bench.core.oldestPin() == .keepsAll(topic: "articles"))
    }

    @Test func theNewestEventsStay() throws {
        let (bench, publisher) = try bench("events=500")
        try bench.advance(by: .seconds(11))
        // Two records come before the first event; parts of 256 go as a whole.
        #expect(first(bench) == 511)
        #expect(bench.core.engine.durable.topics[0].next - first(bench) >= 500)
        try bench.publish(publisher, [.test("later")])
        try bench.advance(by: .seconds(21))
        #expect(bench.log.firstPosition == 513, "the files go once both snapshots are later")
        #expect(try bench.core.oldestPin() == .notYet(topic: "articles"))
    }

    /// §8.1.2: files go half a minute after the record, whether anything else is written or not.
    @Test func anIdleBrokerGivesFilesBackToo() throws {
        let (bench, _) = try bench("events=500")
        try bench.advance(by: .seconds(11))
        #expect(first(bench) == 511)
        #expect(bench.log.firstPosition == 1, "the snapshots are older than the trim")
        try bench.advance(by: .seconds(20))
        #expect(bench.log.firstPosition == 513)
        let snapshots = bench.log.snapshotPositions
        #expect(snapshots.count == 2)
        let trim = bench.core.engine.durable.lastTrim
        #expect(snapshots.allSatisfy { $0 >= trim })
        // And then there is peace.
        let (last, commits) = (bench.log.lastPosition, bench.log.commits)
        try bench.advance(by: .seconds(60))
        #expect(bench.log.lastPosition == last)
        #expect(bench.log.commits == commits)
        #expect(bench.log.snapshotPositions == snapshots)
    }

    @Test func oldEventsGoByTheirRecordedTime() throws {
        let (bench, publisher) = try bench("age=1h", events: 600)
        try bench.advance(by: .seconds(1_800))
        for number in 0..<600 { try bench.publish(publisher, [.test("late \(number)")]) }
        try bench.advance(by: .seconds(11))
        #expect(first(bench) == 1)
        try bench.advance(by: .seconds(1_800))
        #expect(first(bench) > 500 && first(bench) <= 601)
    }

    @Test func theLargestLogIsThatOfTheRule() throws {
        let log = WatchedLog()
        let (bench, _) = try bench("bytes=100KiB", log: log)
        log.space.used = 50 << 10
        try bench.advance(by: .seconds(11))
        #expect(first(bench) == 1)
        log.space.used = 120 << 10
        try bench.advance(by: .seconds(11))
        #expect(first(bench) > 1)
    }

    @Test func whatAllGroupsAreDoneWithGoes() throws {
        let (bench, _) = try bench("acknowledged", group: true)
        try bench.advance(by: .seconds(11))
        #expect(first(bench) == 1)
        #expect(
            try bench.core.oldestPin() == .group(topic: "articles", group: "work", sequence: 1))
        let (worker, stream) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(worker, credit: 700, worker: "other")
        let sequences = try stream.subscribeResponses().flatMap(\.sequences)
        try bench.settle(
            worker,
            SettleRequest(
                number: 1, acks: sequences.map { .init(first: $0, count: 1, attempt: 1) }))
        try bench.advance(by: .seconds(11))
        #expect(first(bench) > 500 && first(bench) <= 701)
        #expect(bench.core.engine.durable.groups[0].trimmed == 0)
    }

    @Test func withoutAGroupNothingIsAcknowledged() throws {
        let (bench, _) = try bench("acknowledged")
        try bench.advance(by: .seconds(11))
        #expect(first(bench) == 1)
        #expect(try bench.core.oldestPin() == .noGroup(topic: "articles"))
    }

    @Test func aLimitTakesFromAGroupAndTheGroupCountsIt() throws {
        let (bench, _) = try bench("events=500", group: true)
        try bench.advance(by: .seconds(11))
        let group = bench.core.engine.durable.groups[0]
        #expect(group.trimmed == first(bench) - 1)
        #expect(group.trimmed > 0)
        let (worker, stream) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(worker, credit: 1)
        #expect(try stream.subscribeResponses().flatMap(\.sequences) == [first(bench)])
    }

    @Test func aDeadLetterPinsItsSegment() throws {
        let (bench, _) = try bench("events=100", events: 300)
        let (worker, stream) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(worker, credit: 1)
        #expect(try stream.subscribeResponses().flatMap(\.sequences) == [1])
        try bench.settle(
            worker,
            SettleRequest(
                number: 1,
                settlements: [
                    .init(
                        sequence: 1, attempt: 1,
                        outcome: .reject(BusFault(.internal, .rejected, "no")))
                ]))
        let (publisher, _) = try bench.open(.publish)
        for number in 0..<900 { try bench.publish(publisher, [.test("more \(number)")]) }
        try bench.advance(by: .seconds(21))
        #expect(first(bench) == 1)
        #expect(
            try bench.core.oldestPin() == .deadLetter(topic: "articles", group: "work", sequence: 1)
        )
    }

    /// §8.1.3: what was kept for its dead letter does not go when that is retried.
    @Test func aRetriedDeadLetterPinsItsSegmentUntilItIsSettled() throws {
        let (bench, publisher) = try bench("events=100", events: 300)
        let (worker, _) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(worker, credit: 1)
        let reject = SettleRequest.Settlement(
            sequence: 1, attempt: 1, outcome: .reject(BusFault(.internal, .rejected, "no")))
        try bench.settle(worker, SettleRequest(number: 1, settlements: [reject]))
        for number in 0..<900 { try bench.publish(publisher, [.test("more \(number)")]) }
        _ = try bench.core.process([
            .perform { $0.operate(topic: "articles", group: "work", .retry([1])) { _ in } }
        ])
        try bench.advance(by: .seconds(21))
        #expect(first(bench) == 1)
        #expect(
            try bench.core.oldestPin() == .group(topic: "articles", group: "work", sequence: 1))
        let (other, stream) = try bench.open(.subscribe(session: 3))
        // What was in the window already goes out before it.
        try bench.subscribe(other, credit: 2_000, worker: "other")
        #expect(try stream.subscribeResponses().flatMap(\.sequences).contains(1))
        try bench.settle(
            other, SettleRequest(number: 1, acks: [.init(first: 1, count: 1, attempt: 1)]))
        try bench.advance(by: .seconds(21))
        #expect(first(bench) > 1)
    }

    /// A topic without a rule keeps what shares a segment with it.
    @Test func aTopicMayKeepWhatOthersDoNot() throws {
        let (bench, publisher) = try bench("events=100", "audit:all", events: 100)
        try bench.publish(publisher, [.test("a")], topic: "audit")
        for number in 0..<900 { try bench.publish(publisher, [.test("more \(number)")]) }
        try bench.advance(by: .seconds(21))
        #expect(first(bench) == 1)
        #expect(try bench.core.oldestPin() == .keepsAll(topic: "audit"))
    }

    @Test func readingWhatIsGoneIsRefusedByName() throws {
        let (bench, _) = try bench("events=500")
        try bench.advance(by: .seconds(11))
        let (early, refused) = try bench.open(.read)
        _ = try bench.core.process([
            .read(early, ReadPlan(topic: "articles", start: .sequence(3)))
        ])
        #expect(refused.status?.code == .outOfRange)
        #expect(refused.status?.message.contains("the first one is 511") == true)
        #expect(Array(refused.metadata[stringValues: "barid-reason"]) == ["TRIMMED"])
        for start in [ReadPlan.Start.first, .sequence(511), .time(0)] {
            let (id, stream) = try bench.open(.read)
            _ = try bench.core.process([
                .read(id, ReadPlan(topic: "articles", start: start, maximum: 2))
            ])
            #expect(try stream.readResponses().flatMap(\.sequences) == [511, 512])
        }
    }

    @Test func aStartAfterATrimKnowsTheSame() throws {
        let log = WatchedLog()
        let (first, publisher) = try bench("events=300", log: log, group: true)
        try first.advance(by: .seconds(11))
        try first.publish(publisher, [.test("later")])
        try first.advance(by: .seconds(31))
        #expect(log.firstPosition > 512)
        let hash = first.core.engine.durable.hash
        let (again, _) = try Core.recover(
            log, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        #expect(again.hash == hash)
    }

    @Test func rulesAreReadAsTheyAreWritten() throws {
        let rules = try RetentionRules(["age=7d,bytes=10GiB", "articles:events=5,acknowledged"])
        #expect(rules.standard.age == .seconds(604_800))
        #expect(rules.standard.bytes == 10 << 30)
        #expect(rules.rules(for: "articles").events == 5)
        #expect(rules.rules(for: "articles").acknowledged)
        #expect(rules.rules(for: "other") == rules.standard)
        #expect("\(rules)" == "age=604800s,bytes=10737418240 articles:events=5,acknowledged")
        #expect(try RetentionRules(["all"]).keepAll)
        #expect(try Retention("age=5s,age=2min").age == .seconds(120))
    }

    @Test(
        arguments: [
            "", "age", "age=", "age=5", "age=0s", "bytes=5GB", "events=-1", "events=1k", "size=5",
            "acknowledged=yes", "age=99999999999999999999d", "age=99999999999w", "t:bytes=5MiB",
            "age=5s,",
        ])
    func rulesThatMakeNoSenseAreRefused(text: String) {
        #expect(throws: RetentionSyntaxError.self) { try RetentionRules([text]) }
    }

    @Test func durabilityIsReadAsItIsWritten() {
        for text in ["fsync", "memory", "interval:1", "interval:60000"] {
            #expect(Durability(text)?.description == text)
        }
        for text in [
            "", "sync", "interval", "interval:", "interval:0", "interval:60001", "interval:x",
        ] {
            #expect(Durability(text) == nil)
        }
    }

    @Test func theRateIsThatOfADay() {
        var rate = GrowthRate()
        let minute: Int64 = 60_000_000_000
        rate.note(0, at: 0)
        #expect(rate.bytesPerDay(1_000, at: minute - 1) == nil)
        #expect(rate.bytesPerDay(1_000, at: minute) == 1_440_000)
        for step in 1...300 as ClosedRange<Int64> {
            rate.note(UInt64(step) * 1_000, at: step * 10 * minute)
        }
        // Ten minutes are 1,000 bytes; the day before yesterday does not count.
        let day = rate.bytesPerDay(300_000, at: 3_000 * minute)
        #expect(day.map { (143_000...145_000).contains($0) } == true)
    }
}
