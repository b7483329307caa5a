import Testing

@testable import BaridEngine

/// Protocols/2-bus §8.1, "What is kept", as far as the engine has to do with it.
struct TrimTests {
    private static let fault = BusFault(code: .internal, reason: "OOPS", message: "no")

    private func trim(_ broker: inout Broker, before first: UInt64) {
        let position = broker.engine.durable.topics[0].position(of: first)
        broker.step(
            .trim(Trim(position: position, topics: [.init(topic: TopicID(0), first: first)])))
    }

    @Test func aGroupCountsWhatItWasNotDoneWith() throws {
        var broker = Broker()
        broker.subscribe(10, credit: 3)
        for id in 1...8 { broker.publish(EventBytes.make(id: "\(id)")) }
        #expect(broker.takeDeliveries().count == 3)
        broker.ack(10, 1)
        trim(&broker, before: 6)
        // 2 and 3 were out, 4 and 5 were waiting for credit.
        #expect(broker.group().trimmed == 4)
        #expect(broker.group().floor == 5)
        #expect(broker.engine.durable.topics[0].first == 6)
        #expect(broker.engine.groups[0].leasedCount == 0)
        broker.ack(10, 2)
        #expect(
            broker.out.contains {
                if case .settleRefused(_, 2, 1, _, _) = $0 { true } else { false }
            })
        broker.step(.credit(StreamID(10), messages: 10, bytes: 1 << 20))
        #expect(broker.takeDeliveries().map(\.sequence) == [6, 7, 8])
        try broker.restart()
        broker.subscribe(20)
        #expect(broker.takeDeliveries().map(\.sequence) == [6, 7, 8])
        #expect(broker.group().trimmed == 4)
    }

    @Test func whatIsAcknowledgedIsTakenFromNobody() {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...4 { broker.publish(EventBytes.make(id: "\(id)")) }
        for sequence in 1...3 as ClosedRange<UInt64> { broker.ack(10, sequence) }
        trim(&broker, before: 4)
        #expect(broker.group().trimmed == 0)
        broker.ack(10, 4)
        #expect(broker.group().floor == 4)
    }

    /// What was blocked behind an event that is gone goes out; what waits still waits.
    @Test func keysAreFreedAndWaitsGoOn() {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...3 { broker.publish(EventBytes.make(id: "\(id)", subject: "same")) }
        broker.publish(EventBytes.make(id: "4", subject: "other"))
        broker.settle(10, 1, .nack(delay: .seconds(60), Self.fault))
        broker.settle(10, 4, .nack(delay: .seconds(5), Self.fault))
        _ = broker.takeDeliveries()
        #expect(broker.engine.groups[0].waitingCount == 2)
        trim(&broker, before: 2)
        #expect(broker.takeDeliveries().map(\.sequence) == [2], "the first of its key now")
        #expect(broker.engine.groups[0].waitingCount == 1)
        broker.ack(10, 2)
        #expect(broker.takeDeliveries().map(\.sequence) == [3])
        broker.advance(by: .seconds(6))
        #expect(broker.takeDeliveries().map(\.sequence) == [4])
        #expect(broker.group().trimmed == 1)
    }

    /// A worker that is kept for suspects gets events again when the suspects are kept no longer.
    @Test func noWorkerIsKeptForSuspectsThatAreGone() {
        var broker = Broker()
        broker.subscribe(10, credit: 2)
        broker.publish(EventBytes.make(id: "1"), EventBytes.make(id: "2"))
        broker.subscribe(11, credit: 10)
        broker.publish(EventBytes.make(id: "3"))
        _ = broker.takeDeliveries()
        broker.step(.end(StreamID(10), .lost))
        broker.publish(EventBytes.make(id: "4"))
        #expect(broker.takeDeliveries().isEmpty, "11 is kept for the suspects")
        trim(&broker, before: 3)
        #expect(broker.takeDeliveries() == [Handed(11, 4)])
        broker.publish(EventBytes.make(id: "5"))
        #expect(broker.takeDeliveries() == [Handed(11, 5)])
    }

    /// §8.1.6: a replay or reset that cannot be had as asked for is refused, and nothing is done.
    @Test(
        arguments: [
            (.reset(.sequence(3)), false), (.reset(.sequence(4)), true), (.reset(.first), true),
            (.replay([3...5]), false), (.replay([4...5]), true), (.replay([4...5, 1...1]), false),
        ] as [(GroupOperation, Bool)])
    func aPlaceThatIsNotKeptIsRefused(operation: GroupOperation, isDone: Bool) {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...5 { broker.publish(EventBytes.make(id: "\(id)")) }
        for sequence in 1...5 as ClosedRange<UInt64> { broker.ack(10, sequence) }
        trim(&broker, before: 4)
        let records = broker.log.count
        broker.out = []
        broker.operate(operation)
        let faults = broker.takeOut().compactMap { action -> BusFault? in
            guard case .operated(_, .failure(let fault)) = action else { return nil }
            return fault
        }
        #expect(faults.map(\.reason) == (isDone ? [] : ["TRIMMED"]))
        #expect(faults.allSatisfy { $0.message.contains("the first one is 4") })
        #expect((broker.log.count > records) == isDone)
    }

    @Test func aNewGroupBeforeTheFirstEventKeptIsRefused() {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...5 { broker.publish(EventBytes.make(id: "\(id)")) }
        trim(&broker, before: 4)
        for (start, group) in [(3, "early"), (4, "first")] as [(UInt64, String)] {
            broker.out = []
            broker.step(
                .createGroup(
                    ticket: 7,
                    SubscriptionRequest(
                        topic: "articles", group: group, start: .sequence(start))))
            let result = broker.out.lazy.compactMap { action -> Result<GroupCreated, BusFault>? in
                if case .groupCreated(7, let result) = action { result } else { nil }
            }.first
            switch result {
            case .success?: #expect(start == 4)
            case .failure(let fault)?:
                #expect(start == 3)
                #expect(fault.code == .outOfRange)
                #expect(fault.reason == "TRIMMED")
                #expect(fault.message.contains("the first one is 4"))
            case nil: Issue.record("no answer")
            }
        }
    }

    /// A topic to which nothing is published any more is read from what is kept, too: one trim took
    /// all of it, and the next does not name it.
    @Test func readingBeginsAtWhatIsKeptOfEveryTopic() {
        var broker = Broker()
        for id in 1...3 { broker.publish(EventBytes.make(id: "\(id)"), topic: "quiet") }
        for id in 4...9 { broker.publish(EventBytes.make(id: "\(id)")) }
        let state = broker.engine.durable
        let (quiet, busy) = (state.topics[0], TopicID(1))
        let position = state.topics[1].position(of: 1)
        broker.step(
            .trim(
                Trim(position: position, topics: [.init(topic: TopicID(0), first: quiet.next)])))
        broker.step(
            .trim(Trim(position: position + 2, topics: [.init(topic: busy, first: 3)])))
        for topic in broker.engine.durable.topics {
            #expect(topic.position(of: topic.first) >= position + 2, "\(topic.name)")
        }
    }

    /// §8.1.2: it makes a position for a snapshot, and snapshots that are later than the trim before
    /// stay that.
    @Test func aTrimWithoutTopicsChangesNothing() {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...5 { broker.publish(EventBytes.make(id: "\(id)")) }
        trim(&broker, before: 4)
        let before = broker.engine.durable
        #expect(before.lastTrim == before.nextPosition - 1)
        broker.step(.trim(Trim(position: before.firstPosition, topics: [])))
        let after = broker.engine.durable
        #expect(after.nextPosition == before.nextPosition + 1)
        #expect(after.lastTrim == before.lastTrim)
        #expect(after.topics == before.topics)
        #expect(after.groups == before.groups)
    }

    /// Repeats are recognised although the event is kept no longer (§3.3 and §8.1).
    @Test func theWindowOfIdentitiesOutlivesATrim() {
        var broker = Broker()
        for id in 1...5 { broker.publish(EventBytes.make(id: "\(id)")) }
        trim(&broker, before: 5)
        broker.out = []
        broker.publish(EventBytes.make(id: "2"))
        let receipts = broker.out.flatMap { action -> [Receipt] in
            if case .receipts(_, let receipts) = action { receipts } else { [] }
        }
        #expect(receipts == [Receipt(count: 1, firstSequence: 2, duplicate: true)])
    }

    @Test func theStateIsThatOfTheLogAndOfItsSnapshot() throws {
        var broker = Broker()
        broker.subscribe(10)
        for id in 1...9 { broker.publish(EventBytes.make(id: "\(id)")) }
        trim(&broker, before: 3)
        broker.publish(EventBytes.make(id: "10"))
        trim(&broker, before: 7)
        #expect(try broker.replay().hash == broker.engine.durable.hash)
        let copy = try Durable(snapshot: broker.engine.durable.snapshot()[...])
        #expect(copy == broker.engine.durable)
        #expect(copy.firstPosition == broker.engine.durable.topics[0].position(of: 7))
        #expect(copy.groups[0].trimmed == 6)
    }

    @Test func aTrimThatGoesBackOrTooFarMakesNoSense() {
        var durable = Durable()
        durable.topics = [DurableTopic(name: "t")]
        durable.nextPosition = 10
        for (position, first) in [(20, 1), (0, 1), (5, 9)] as [(UInt64, UInt64)] {
            #expect(throws: RecordFailure.self) {
                try durable.apply(
                    .trim(
                        Trim(position: position, topics: [.init(topic: TopicID(0), first: first)])),
                    position: durable.nextPosition, wall: 1)
            }
        }
    }

    /// After a loss, the numbers of the events that are missing are passed over, by groups too.
    @Test func sequencesLostToDamageAreDoneWith() throws {
        var durable = Durable()
        func block(_ first: UInt64) -> Record {
            .events(
                EventBlock(
                    topic: TopicID(0), firstSequence: first,
                    events: [.init(identity: .init(hash: first, check: 1, body: 1), bytes: [1])]))
        }
        try durable.apply(.topicCreated(name: "t"), position: 1, wall: 1)
        try durable.apply(
            .groupCreated(
                GroupDefinition(
                    topic: TopicID(0), name: "g", types: [], start: 1, maximumDeliveries: 5)),
            position: 2, wall: 1)
        try durable.apply(block(1), position: 3, wall: 1)
        var whole = durable
        #expect(throws: RecordFailure.self) { try whole.apply(block(3), position: 4, wall: 1) }
        try durable.skipLost(position: 4)
        try durable.apply(block(5), position: 5, wall: 1)
        #expect(durable.topics[0].next == 6)
        #expect(durable.groups[0].trimmed == 3)
        #expect(durable.groups[0].settled.contains(4))
        #expect(!durable.groups[0].settled.contains(5))
        try durable.apply(
            .trim(Trim(position: 1, topics: [.init(topic: TopicID(0), first: 1, lost: [6...7])])),
            position: 6, wall: 1)
        #expect(durable.topics[0].next == 8)
        #expect(durable.groups[0].trimmed == 5)
    }
}
