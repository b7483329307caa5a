import Testing

@testable import BaridEngine

/// Protocols/2-bus §4.2: pausing, resetting and deleting groups.
struct OperateTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    @Test func aPausedGroupDeliversNothingAndSettlesWhatIsOut() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        #expect(broker.takeDeliveries() == [Handed(10, 1)])
        broker.operate(.pause)
        broker.operate(.pause)
        #expect(broker.takeOperated().count == 2)
        #expect(broker.kinds.filter { $0 == .groupPaused }.count == 1, "it is paused already")
        broker.publish(EventBytes.make(id: "b"))
        broker.advance(by: .seconds(1))
        #expect(broker.takeDeliveries().isEmpty)
        broker.ack(10, 1)
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.group().floor == 1)
        #expect(broker.engine.status(of: GroupID(0))?.isPaused == true)
        broker.operate(.resume)
        #expect(broker.takeDeliveries() == [Handed(10, 2)])
    }

    @Test func aPauseOutlivesARestart() throws {
        var broker = Broker()
        broker.subscribe(10)
        broker.operate(.pause)
        broker.publish(EventBytes.make(id: "a"))
        let durable = broker.engine.durable
        #expect(try Durable(snapshot: durable.snapshot()[...]) == durable)
        try broker.restart()
        broker.subscribe(20)
        #expect(broker.takeDeliveries().isEmpty)
        broker.operate(.resume)
        #expect(broker.takeDeliveries() == [Handed(20, 1)])
    }

    /// What failed before the pause waits on, and goes out after it.
    @Test func attemptsAndLeasesGoOnInAPause() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.settle(10, 1, .nack(delay: .seconds(1), Self.fault))
        _ = broker.takeOut().count
        broker.operate(.pause)
        broker.advance(by: .seconds(60))
        #expect(broker.takeDeliveries().isEmpty)
        #expect(broker.group().attempts[2]?.failures.map(\.fault.reason) == ["LEASE_EXPIRED"])
        broker.operate(.resume)
        #expect(Set(broker.takeDeliveries().map(\.sequence)) == [1, 2])
    }

    @Test(
        arguments: [(.first, 1), (.new, 5), (.last, 4), (.sequence(3), 3), (.sequence(99), 5)]
            as [(SubscriptionRequest.Start, UInt64)])
    func aResetBeginsAnew(start: SubscriptionRequest.Start, first: UInt64) throws {
        var broker = Broker()
        broker.subscribe(10)
        for id in ["a", "b", "c", "d"] { broker.publish(EventBytes.make(id: id)) }
        broker.ack(10, 1)
        broker.settle(10, 2, .reject(Self.fault))
        broker.settle(10, 3, .nack(delay: .seconds(9), Self.fault))
        _ = broker.takeOut().count
        broker.operate(.reset(start))
        let out = broker.takeOut()
        let ends = out.compactMap { action -> String? in
            guard case .end(_, let fault) = action else { return nil }
            return fault.reason
        }
        #expect(ends == ["GROUP_RESET"])
        #expect(out.contains(.operated(ticket: 7, .success(GroupOperated(events: 5 - first)))))
        // The worker that lost its subscription settles in vain.
        broker.ack(10, 4)
        broker.subscribe(20)
        #expect(
            broker.takeDeliveries().map { [$0.sequence, UInt64($0.attempt)] }
                == (first..<5).map { [$0, 1] })
        #expect(broker.group().deadLetters.map(\.sequence) == (first <= 2 ? [] : [2]))
        #expect(try broker.replay().hash == broker.engine.durable.hash)
    }

    /// An answer of the log that was under way when the group was reset is not one of the new
    /// group.
    @Test func aReadUnderWayIsDroppedByAReset() {
        var broker = Broker()
        for id in ["a", "b", "c"] { broker.publish(EventBytes.make(id: id)) }
        var actions: [Action] = []
        broker.subscribe(10, credit: 0)
        broker.engine.step(
            .credit(StreamID(10), messages: 10, bytes: 1 << 20), at: broker.now, into: &actions)
        let asked = actions.contains {
            guard case .fetch(.scan) = $0 else { return false }
            return true
        }
        #expect(asked)
        broker.operate(.reset(.first))
        broker.step(
            .fetched(
                GroupID(0),
                .scan(
                    events: broker.events(at: 4), nextSequence: 4,
                    nextPosition: broker.engine.durable.nextPosition)))
        broker.subscribe(20)
        #expect(broker.takeDeliveries().map(\.sequence) == [1, 2, 3])
    }

    @Test func aDeletedGroupIsGoneAndItsNumberStaysUnused() throws {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.settle(10, 1, .reject(Self.fault))
        _ = broker.takeOut().count
        broker.operate(.delete)
        let faults = broker.takeRefusals()
        #expect(faults.map(\.reason) == ["GROUP_DELETED"])
        #expect(faults.map(\.code) == [.notFound])
        #expect(broker.engine.status(of: GroupID(0)) == nil)
        #expect(broker.engine.leasedCount == 0)
        broker.operate(.pause)
        let unknown = broker.takeOut().contains {
            guard case .operated(_, .failure(let fault)) = $0 else { return false }
            return fault.reason == "NO_SUCH_GROUP"
        }
        #expect(unknown)
        broker.publish(EventBytes.make(id: "c"))
        broker.subscribe(11, types: ["other.>"])
        #expect(broker.engine.durable.groups.count == 2)
        broker.advance(by: .seconds(2))
        #expect(broker.group(1).floor == 3, "a group of the same name is another group")
        let durable = broker.engine.durable
        #expect(try Durable(snapshot: durable.snapshot()[...]) == durable)
        #expect(try broker.replay().hash == durable.hash)
        try broker.restart()
        broker.publish(EventBytes.make(id: "d"))
        #expect(broker.engine.durable.topics[0].next == 5)
    }

    @Test func nothingIsRecordedOfADeletedGroup() {
        var durable = Durable()
        let records: [Record] = [
            .topicCreated(name: "articles"),
            .groupCreated(
                GroupDefinition(
                    topic: TopicID(0), name: "g", types: [], start: 1, maximumDeliveries: 5)),
            .groupDeleted(group: GroupID(0)),
        ]
        for record in records {
            #expect(throws: Never.self) {
                try durable.apply(record, position: durable.nextPosition, wall: 0)
            }
        }
        #expect(throws: RecordFailure.self) {
            try durable.apply(
                .groupPaused(group: GroupID(0), paused: true), position: durable.nextPosition,
                wall: 0)
        }
    }

    @Test func limitsTheNumbersOfGroups() {
        var configuration = EngineConfiguration()
        configuration.maximumGroups = 1
        configuration.maximumGroupNumbers = 2
        var broker = Broker(configuration)
        for (number, accepted) in [(1, true), (2, true), (3, false)] as [(UInt64, Bool)] {
            broker.subscribe(number)
            #expect(broker.takeRefusals().isEmpty == accepted)
            broker.operate(.delete)
            _ = broker.takeOut().count
        }
    }

    /// Protocols/2-bus §4.4: "the group records it as expired".
    @Test func expiredEventsAreCounted() throws {
        var broker = Broker()
        broker.publish(
            EventBytes.make(id: "old", expirySeconds: 1_000), EventBytes.make(id: "new"),
            EventBytes.make(id: "soon", expirySeconds: 1_700_000_003))
        broker.subscribe(10, credit: 0)
        broker.advance(by: .seconds(5))
        broker.step(.credit(StreamID(10), messages: 10, bytes: 0))
        #expect(broker.takeDeliveries().map(\.sequence) == [2])
        #expect(broker.group().expired == 2)
        #expect(try broker.replay().hash == broker.engine.durable.hash)
    }

    /// Protocols/2-bus §7: a key moves from a worker that leaves to another, and nothing else waits.
    @Test func aKeyIsHandedOverWithoutAPause() {
        var broker = Broker()
        broker.subscribe(10, credit: 1)
        broker.publish(EventBytes.make(id: "a1", key: "a"), EventBytes.make(id: "a2", key: "a"))
        broker.subscribe(11, credit: 10)
        broker.publish(EventBytes.make(id: "b1", key: "b"))
        #expect(broker.takeDeliveries() == [Handed(10, 1), Handed(11, 3)])
        broker.step(.end(StreamID(10), .left))
        #expect(broker.takeDeliveries() == [Handed(11, 1, 2)], "the key's next event waits for it")
        broker.publish(EventBytes.make(id: "c1", key: "c"))
        #expect(broker.takeDeliveries() == [Handed(11, 4)], "others go on meanwhile")
        broker.ack(11, 1, attempt: 2)
        #expect(broker.takeDeliveries() == [Handed(11, 2)])
    }
}
