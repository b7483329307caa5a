import Testing

@testable import BaridEngine

/// Protocols/2-bus, "Doing again": replays, and retries of dead letters.
struct AgainTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    /// A group that is done with events 1 to `count`; those divisible by three are of key `k`.
    private static func done(
        _ count: UInt64, _ configuration: EngineConfiguration = .init()
    ) -> Broker {
        var broker = Broker(configuration)
        broker.subscribe(10, credit: 10_000)
        for number in 1...count {
            let key = number.isMultiple(of: 3) ? "k" : ""
            broker.publish(EventBytes.make(id: "\(number)", key: key))
            broker.ack(10, number)
        }
        _ = broker.takeOut().count
        return broker
    }

    @Test func whatIsDoneIsDueAgainUnderANumber() {
        var broker = Self.done(5)
        broker.operate(.replay([2...4]))
        #expect(broker.takeOperated() == [GroupOperated(replay: 1, events: 3)])
        broker.publish(EventBytes.make(id: "new"))
        broker.step(.commit)
        #expect(broker.group().floor == 5, "what is done stays done beside it")
        #expect(broker.group().doneThrough == 1)
        #expect(broker.engine.status(of: GroupID(0))?.again == 3)
    }

    @Test func deliveriesCarryTheNumber() {
        var broker = Self.done(3)
        broker.operate(.replay([1...2]))
        broker.operate(.replay([3...9]))
        broker.publish(EventBytes.make(id: "new"))
        let handed = broker.takeOut().compactMap { action -> [UInt64]? in
            guard case .deliver(_, let delivery) = action else { return nil }
            return [delivery.sequence, UInt64(delivery.replay), UInt64(delivery.attempt)]
        }
        #expect(handed == [[1, 1, 1], [2, 1, 1], [3, 2, 1], [4, 0, 1]])
    }

    @Test func aSettlementTakesItOut() {
        var broker = Self.done(4)
        broker.operate(.replay([1...4]))
        broker.ack(10, 2)
        broker.ack(10, 1)
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.group().again.sequences.ranges == [3...4])
        broker.ack(10, 1)
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE"])
        broker.ack(10, 3)
        broker.ack(10, 4)
        #expect(broker.group().again.isEmpty)
        #expect(broker.group().acked == 8)
    }

    @Test func whatIsNotDoneGoesItsWay() {
        var broker = Broker()
        broker.subscribe(10, credit: 3)
        for number in 1...5 { broker.publish(EventBytes.make(id: "\(number)")) }
        broker.ack(10, 2)
        _ = broker.takeOut().count
        broker.operate(.replay([1...5]))
        #expect(broker.takeOperated() == [GroupOperated(replay: 1, events: 1)])
        broker.operate(.replay([1...5]))
        #expect(broker.takeOperated() == [GroupOperated()], "it is due again already")
        broker.step(.credit(StreamID(10), messages: 10, bytes: 0))
        // 4 and 5 were in the window already.
        #expect(broker.takeDeliveries().map(\.sequence) == [4, 5, 2])
    }

    /// Nothing new is taken in before what is due again: events of a key keep their order.
    @Test func theOrderOfAKeyHolds() {
        var broker = Self.done(9)
        broker.step(.credit(StreamID(10), messages: 100, bytes: 1 << 20))
        broker.operate(.replay([1...9]))
        broker.publish(EventBytes.make(id: "10", key: "k"))
        #expect(broker.takeDeliveries().map(\.sequence) == [1, 2, 3, 4, 5, 7, 8])
        broker.settle(10, 3, .nack(delay: .seconds(1), Self.fault))
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(10, 3, 2)])
        broker.ack(10, 3, attempt: 2)
        broker.ack(10, 6)
        broker.ack(10, 9)
        #expect(broker.takeDeliveries().map(\.sequence) == [6, 9, 10])
    }

    @Test func attemptsAndDeadLettersHold() {
        var configuration = EngineConfiguration()
        configuration.maximumDeliveries = 2
        var broker = Self.done(2, configuration)
        broker.operate(.replay([1...1]))
        for attempt in 1...2 as ClosedRange<UInt32> {
            #expect(broker.takeDeliveries() == [Handed(10, 1, attempt)])
            broker.settle(10, 1, attempt: attempt, .nack(delay: .seconds(1), Self.fault))
            broker.advance(by: .seconds(2))
        }
        #expect(broker.group().deadLetters.map(\.sequence) == [1])
        #expect(broker.group().deadLetters.map(\.replay) == [1])
        #expect(broker.group().again.isEmpty)
        #expect(broker.takeDeliveries().isEmpty)
    }

    /// A retry removes the dead letter and makes the event due again in one record.
    @Test func aRetriedDeadLetterIsNoneAnyMore() {
        var broker = Self.done(3)
        broker.publish(EventBytes.make(id: "bad"))
        broker.settle(10, 4, .reject(Self.fault))
        _ = broker.takeOut().count
        let records = broker.log.count
        broker.operate(.retry([1, 4]))
        #expect(broker.takeOut().contains(.operated(ticket: 7, .success(.init(events: 1)))))
        #expect(broker.kinds[records...] == [.replay])
        #expect(broker.group().deadLetters.isEmpty)
        broker.operate(.retry([4]))
        #expect(broker.takeOperated() == [GroupOperated()])
        broker.ack(10, 4)
        #expect(broker.group().again.isEmpty)
    }

    @Test func aRetryGoesOnUnderTheNumberItFailedUnder() {
        var broker = Self.done(2)
        broker.operate(.replay([2...2]))
        broker.settle(10, 2, .reject(Self.fault))
        _ = broker.takeOut().count
        broker.operate(.retry([2]))
        let numbers = broker.takeOut().compactMap { action -> UInt32? in
            guard case .deliver(_, let delivery) = action else { return nil }
            return delivery.replay
        }
        #expect(numbers == [1])
    }

    @Test func aReplayTakesDeadLettersAlong() {
        var broker = Self.done(2)
        broker.publish(EventBytes.make(id: "bad"))
        broker.settle(10, 3, .reject(Self.fault))
        _ = broker.takeOut().count
        broker.operate(.replay([1...3]))
        #expect(broker.group().deadLetters.isEmpty)
        #expect(broker.takeDeliveries().map(\.sequence) == [1, 2, 3])
    }

    @Test func whatTheFilterDoesNotMatchIsPassedOver() {
        var broker = Broker()
        broker.subscribe(10, types: ["wanted"])
        broker.publish(
            EventBytes.make(id: "a", type: "wanted"), EventBytes.make(id: "b", type: "other"),
            EventBytes.make(id: "c", type: "wanted"))
        broker.ack(10, 1)
        broker.ack(10, 3)
        _ = broker.takeOut().count
        broker.operate(.replay([1...3]))
        #expect(broker.takeDeliveries().map(\.sequence) == [1, 3])
        broker.ack(10, 1)
        broker.ack(10, 3)
        broker.advance(by: .seconds(2))
        #expect(broker.group().again.isEmpty)
    }

    @Test func aRestartForgetsNothing() throws {
        var broker = Self.done(6)
        broker.operate(.replay([1...6]))
        broker.ack(10, 1)
        broker.settle(10, 2, .nack(delay: .zero, Self.fault))
        broker.step(.commit)
        let durable = broker.engine.durable
        #expect(try Durable(snapshot: durable.snapshot()[...]) == durable)
        #expect(try broker.replay().hash == durable.hash)
        try broker.restart()
        broker.subscribe(20)
        // 3 has waited behind nothing and was out once; 6 waits for its key.
        #expect(
            broker.takeDeliveries() == [Handed(20, 3, 2), Handed(20, 4, 2), Handed(20, 5, 2)])
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(20, 2, 2)])
    }

    /// Protocols/2-bus §6: the token of a lease that ran out fits no later delivery.
    @Test func anOldTokenDoesNotFitADeliveryThatIsDueAgain() {
        var broker = Broker()
        broker.subscribe(10, credit: 1, lease: .seconds(10), knowsTurns: true)
        broker.publish(EventBytes.make(id: "a"))
        broker.subscribe(11, lease: .seconds(10))
        broker.advance(by: .seconds(12))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 1), Handed(11, 1, 2)])
        broker.ack(11, 1, attempt: 2)
        broker.step(.end(StreamID(11), .left))
        _ = broker.takeOut().count
        broker.operate(.replay([1...1]))
        broker.step(.credit(StreamID(10), messages: 1, bytes: 0))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 1)], "attempts count anew")
        broker.ack(10, 1, attempt: 1)
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE"])
    }

    @Test func aLargeReplayIsReadInBoundedSteps() {
        var configuration = EngineConfiguration()
        configuration.fetchEvents = 8
        configuration.maximumWindow = 20
        var broker = Self.done(300, configuration)
        broker.operate(.replay([1...100, 200...220, 300...300]))
        var seen: [UInt64] = []
        for _ in 0..<400 where !broker.group().again.isEmpty {
            for delivery in broker.takeDeliveries() {
                seen.append(delivery.sequence)
                broker.ack(10, delivery.sequence)
            }
        }
        #expect(Set(seen) == Set(1...100).union(200...220).union([300]))
        #expect(seen.count == Set(seen).count)
        #expect(broker.group().again.isEmpty)
    }

    @Test(arguments: [(2, 2, true), (2, 3, false), (3, 3, true)])
    func limitsRanges(limit: Int, asked: Int, accepted: Bool) {
        var configuration = EngineConfiguration()
        configuration.maximumReplayRanges = limit
        var broker = Self.done(9, configuration)
        broker.operate(.replay((1...UInt64(asked)).map { $0 * 2...$0 * 2 }))
        let refused = broker.takeOut().contains {
            guard case .operated(_, .failure(let fault)) = $0 else { return false }
            return fault.reason == "TOO_MANY"
        }
        #expect(refused == !accepted)
    }

    @Test(arguments: [(1, 1, true), (1, 2, false), (2, 2, true)])
    func limitsReplays(limit: Int, asked: UInt64, accepted: Bool) {
        var configuration = EngineConfiguration()
        configuration.maximumReplays = limit
        var broker = Self.done(9, configuration)
        for number in 1...asked { broker.operate(.replay([number...number])) }
        let refused = broker.takeOut().contains {
            guard case .operated(_, .failure(let fault)) = $0 else { return false }
            return fault.reason == "TOO_MANY"
        }
        #expect(refused == !accepted)
    }

    @Test func anUnknownGroupIsNotFound() {
        var broker = Self.done(1)
        broker.operate(.replay([1...1]), group: "other")
        let faults = broker.takeOut().compactMap { action -> BusFault? in
            guard case .operated(_, .failure(let fault)) = action else { return nil }
            return fault
        }
        #expect(faults.map(\.reason) == ["NO_SUCH_GROUP"])
        #expect(faults.map(\.code) == [.notFound])
    }

    @Test func aReplayOfWhatIsNotDoneIsNoRecord() {
        var durable = Self.done(3).engine.durable
        #expect(throws: RecordFailure.self) {
            try durable.apply(
                .replay(group: GroupID(0), number: 1, ranges: [3...4]),
                position: durable.nextPosition, wall: 0)
        }
    }
}
