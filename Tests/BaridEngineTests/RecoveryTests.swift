import TestSupport
import Testing

@testable import BaridEngine

/// Protocols/2-bus, "Records": the same log gives the same state.
struct RecoveryTests {
    private static let fault = BusFault(code: .internal, reason: "OOPS", message: "no")

    @Test func resumesWhereItStopped() throws {
        var broker = Broker()
        broker.subscribe(10)
        for id in ["a", "b", "c", "d"] { broker.publish(EventBytes.make(id: id)) }
        broker.step(.commit)
        broker.ack(10, 1)
        broker.settle(10, 3, .nack(delay: .seconds(10), Self.fault))
        try broker.restart()
        broker.subscribe(20)
        // 2 and 4 were out once; 3 failed and waits.
        #expect(broker.takeDeliveries() == [Handed(20, 2, 2), Handed(20, 4, 2)])
        broker.advance(by: .seconds(11))
        #expect(broker.takeDeliveries() == [Handed(20, 3, 2)])
        broker.ack(20, 4, attempt: 2)
        broker.ack(20, 3, attempt: 2)
        broker.ack(20, 2, attempt: 2)
        #expect(broker.group().floor == 4)
    }

    @Test func aRestartCountsNoFailure() throws {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        for round in 1...8 as ClosedRange<UInt32> {
            broker.subscribe(UInt64(round))
            #expect(broker.takeDeliveries() == [Handed(UInt64(round), 1, round)])
            broker.step(.commit)
            try broker.restart()
        }
        #expect(broker.group().deadLetters.isEmpty)
    }

    @Test func everyStartIsAnEpochWithTheFirstKey() throws {
        var broker = Broker()
        #expect(broker.engine.durable.epoch == 1)
        let key = broker.engine.durable.key
        try broker.restart()
        #expect(broker.engine.durable.epoch == 2)
        #expect(broker.engine.durable.key == key)
    }

    @Test func recordedTimeNeverGoesBack() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.now.wall -= 3_600_000_000_000
        broker.publish(EventBytes.make(id: "b"))
        #expect(broker.log.last?.wall == broker.log.first?.wall)
    }

    /// Protocols/6-log §7: "at most 8,192 places of each topic from which reading can begin".
    @Test func startingPointsStayBounded() throws {
        var topic = DurableTopic(name: "t")
        var most = 0
        for position in 1...1_200_000 as ClosedRange<UInt64> {
            topic.append(count: 2, bytes: 100, position: position, wall: Int64(position))
            most = max(most, topic.points.count)
        }
        #expect(most == DurableTopic.maximumPoints)
        #expect(topic.points.first?.sequence == 1)
        for sequence in [1, 2, 77_777, 1_000_000, 2_399_999] as [UInt64] {
            let position = topic.position(of: sequence)
            let wanted = (sequence + 1) / 2
            #expect(position <= wanted && wanted - position <= 64 * 2 * topic.spacing)
        }
        #expect(topic.spacing == 4)
        var durable = Durable()
        durable.topics = [topic]
        #expect(try Durable(snapshot: durable.snapshot()[...]) == durable)
    }

    @Test func everyRecordSurvivesItsBytes() throws {
        let block = EventBlock(
            topic: TopicID(3), firstSequence: 9,
            events: [
                .init(identity: .init(hash: 1, check: 2, body: 3), bytes: [1, 2, 3]),
                .init(identity: .init(hash: .max, check: .max, body: .max), bytes: []),
            ])
        let failure = FailedAttempt(
            attempt: 2, worker: "w", session: "s", started: 5, ended: 6,
            fault: BusFault(
                code: .aborted, reason: "R", message: "رسالة", retryAfter: .milliseconds(5)))
        let records: [Record] = [
            .epoch(number: 4, key: HashKey(low: 5, high: .max)), .topicCreated(name: "articles"),
            .events(block),
            .settled(group: GroupID(1), acked: 3, ranges: [1...3, 7...7], outputs: nil),
            .settled(group: GroupID(1), acked: 1, ranges: [1...1], outputs: block),
            .delivered(group: GroupID(2), ranges: [5...9]),
            .attempts(group: GroupID(2), [AttemptMark(sequence: 1 << 40, attempt: 7)]),
            .failed(group: GroupID(0), sequence: 8, failure, notBefore: -1),
            .deadLetter(
                DeadLetter(
                    group: GroupID(0), sequence: 8, eventPosition: 3, time: 99,
                    fault: Self.fault, attempts: [failure, failure])),
            .expired(group: GroupID(0), ranges: [2...2]),
            .groupCreated(
                GroupDefinition(
                    topic: TopicID(0), name: "g", types: ["a.>", "b"],
                    attributes: [
                        AttributeFilter(name: "language", values: ["ar", "fa"]),
                        AttributeFilter(name: "source", values: ["s"]),
                    ], start: 4,
                    maximumDeliveries: 5)),
            .workerLost(
                group: GroupID(1),
                WorkerLoss(
                    worker: "w", session: "s", held: [AttemptMark(sequence: 1, attempt: 2)])),
            .suspect(group: GroupID(1), sequences: [4, 1 << 50]),
            .groupPaused(group: GroupID(1), paused: true),
            .groupReset(group: GroupID(1), start: 7), .groupDeleted(group: GroupID(300)),
            .replay(group: GroupID(3), number: 9, ranges: [1...4, 6...6]),
            .identitiesRotated(began: 7),
            .deadLettersRemoved(group: GroupID(1), positions: [3, 2_000, .max]),
            .workerExit(WorkerExit(session: "s", report: [9, 9])),
            .trim(
                Trim(
                    position: 700,
                    topics: [
                        .init(topic: TopicID(0), first: 5, lost: [7...9]),
                        .init(topic: TopicID(300), first: .max),
                    ])),
        ]
        #expect(Set(records.map(\.kind)).count == records.count)
        for record in records {
            let bytes = Array(record.encode().joined())
            #expect(try Record(kind: record.kind.rawValue, payload: bytes[...]) == record)
            for end in bytes.indices {
                #expect(throws: RecordFailure.self) {
                    try Record(kind: record.kind.rawValue, payload: bytes[..<end])
                }
            }
            #expect(throws: RecordFailure.self) {
                try Record(kind: record.kind.rawValue, payload: (bytes + [0])[...])
            }
        }
        for kind in [0, 19, 23, 200] as [UInt8] {
            #expect(throws: RecordFailure.unknownKind(kind)) {
                try Record(kind: kind, payload: [])
            }
        }
    }

    @Test func randomRecordsNeverTrap() {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<40_000 {
            let bytes = (0..<Int.random(in: 0..<30, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random) & 0x8f
            }
            let kind = UInt8.random(in: 0...22, using: &random)
            guard let record = try? Record(kind: kind, payload: bytes[...]) else { continue }
            var durable = Durable()
            try? durable.apply(record, position: 1, wall: 0)
        }
    }

    @Test func aSnapshotIsTheState() throws {
        var broker = Broker()
        broker.subscribe(10)
        for number in 0..<50 {
            broker.publish(EventBytes.make(id: "\(number)", subject: "\(number % 3)"))
        }
        broker.settle(10, 1, .nack(delay: .zero, Self.fault))
        broker.settle(10, 2, .reject(Self.fault))
        broker.ack(10, 3)
        broker.step(.workerExit(WorkerExit(session: "s", report: [1])))
        broker.step(.commit)
        let durable = broker.engine.durable
        let bytes = durable.snapshot()
        let restored = try Durable(snapshot: bytes[...])
        #expect(restored == durable)
        #expect(restored.hash == durable.hash)
        #expect(try broker.replay().hash == durable.hash)
        for end in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: RecordFailure.self) { try Durable(snapshot: bytes[..<end]) }
        }
    }

    /// Protocols/2-bus, "Records": "what applying all records in order gives".
    ///
    /// A dead letter and a later attempt that come of one dispatch are in the log as they were
    /// applied.
    @Test func recordsAreInTheLogInTheOrderInWhichTheyWereApplied() throws {
        var configuration = EngineConfiguration()
        configuration.maximumReleases = 1
        var broker = Broker(configuration)
        broker.subscribe(10, credit: 3)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        let release = SettleRequest.Outcome.release(pause: .zero, Self.fault)
        broker.settle(10, 1, .release(pause: .zero, Self.fault))
        #expect(broker.takeDeliveries().count == 3)
        broker.step(
            .settle(
                StreamID(10),
                SettleRequest(
                    number: 2,
                    settlements: [
                        .init(sequence: 1, attempt: 2, outcome: release),
                        .init(sequence: 2, attempt: 1, outcome: release),
                    ])))
        broker.step(.credit(StreamID(10), messages: 2, bytes: 1_000))
        #expect(broker.takeDeliveries() == [Handed(10, 2, 2)])
        #expect(broker.group().deadLetters.map(\.sequence) == [1])
        #expect(try broker.replay().hash == broker.engine.durable.hash)
    }

    @Test func recordsOutOfPlaceAreRefused() {
        var durable = Durable()
        #expect(throws: RecordFailure.self) {
            try durable.apply(.topicCreated(name: "a"), position: 2, wall: 0)
        }
        durable = Durable()
        #expect(throws: RecordFailure.self) {
            try durable.apply(.expired(group: GroupID(0), ranges: [1...1]), position: 1, wall: 0)
        }
    }
}
