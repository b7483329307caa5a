import BaridEngine
import Testing

/// Protocols/2-bus, "Groups", "Leases" and "Settling".
struct LeaseTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    @Test func givesEachEventToOneWorkerOfAGroup() {
        var broker = Broker()
        broker.subscribe(10)
        broker.subscribe(11)
        for id in ["a", "b", "c", "d"] { broker.publish(EventBytes.make(id: id)) }
        let handed = broker.takeDeliveries()
        #expect(handed.map(\.sequence) == [1, 2, 3, 4])
        #expect(Set(handed.map(\.stream)) == [10, 11])
    }

    /// Protocols/2-bus §6.2: an ack that comes twice in a request is stale the second time.
    @Test func anAckMayComeTwiceInARequest() throws {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        let ack = SettleRequest.AckRange(first: 1, count: 1, attempt: 1)
        broker.step(.settle(StreamID(10), SettleRequest(number: 1, acks: [ack, ack])))
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE"])
        #expect(broker.group().acked == 1)
        for id in ["b", "c", "d"] { broker.publish(EventBytes.make(id: id)) }
        #expect(broker.takeDeliveries().map(\.sequence) == [2, 3, 4])
    }

    @Test func givesEachEventToEveryGroup() {
        var broker = Broker()
        broker.subscribe(10, group: "one")
        broker.subscribe(11, group: "two")
        broker.publish(EventBytes.make(id: "a"))
        #expect(Set(broker.takeDeliveries().map(\.stream)) == [10, 11])
    }

    @Test func aNewGroupStartsAtTheFirstEvent() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.subscribe(10)
        #expect(broker.takeDeliveries() == [Handed(10, 1), Handed(10, 2)])
    }

    @Test func aNewGroupMayStartElsewhere() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.subscribe(10, group: "new", start: .new)
        broker.subscribe(11, group: "second", start: .sequence(2))
        broker.publish(EventBytes.make(id: "c"))
        #expect(
            broker.takeDeliveries() == [Handed(11, 2), Handed(10, 3), Handed(11, 3)])
    }

    @Test func skipsWhatTheFilterDoesNotMatch() {
        var broker = Broker()
        broker.subscribe(10, types: ["news.*.parsed.>"])
        broker.publish(
            EventBytes.make(id: "a", type: "news.x.parsed.v1"),
            EventBytes.make(id: "b", type: "news.x.tagged.v1"),
            EventBytes.make(id: "c", type: "news.x.parsed.v2"))
        #expect(broker.takeDeliveries() == [Handed(10, 1), Handed(10, 3)])
        broker.ack(10, 1)
        broker.ack(10, 3)
        #expect(broker.group().floor == 3)
        #expect(broker.group().acked == 2)
    }

    @Test func recordsWhatWasSkippedAfterAWhile() {
        var broker = Broker()
        broker.subscribe(10, types: ["wanted"])
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        #expect(broker.group().floor == 0)
        broker.advance(by: .seconds(2))
        #expect(broker.group().floor == 2)
        let records = broker.log.count
        broker.advance(by: .seconds(60))
        #expect(broker.log.count == records)
        #expect(broker.engine.nextWake == nil)
    }

    @Test func aFilterNeverChanges() {
        var broker = Broker()
        broker.subscribe(10, types: ["a", "b"])
        broker.subscribe(11, types: ["b", "a"])
        broker.subscribe(12)
        #expect(broker.takeRefusals().isEmpty)
        broker.subscribe(13, types: ["a"])
        #expect(broker.takeRefusals().map(\.reason) == ["FILTER_MISMATCH"])
    }

    @Test func deliversNoMoreThanTheCredit() {
        var broker = Broker()
        broker.subscribe(10, credit: 2)
        for id in ["a", "b", "c", "d"] { broker.publish(EventBytes.make(id: id)) }
        #expect(broker.takeDeliveries().count == 2)
        broker.ack(10, 1)
        #expect(broker.takeDeliveries().isEmpty)
        broker.step(.credit(StreamID(10), messages: 1, bytes: 0))
        #expect(broker.takeDeliveries() == [Handed(10, 3)])
    }

    @Test func theLastDeliveryMayOverdrawTheBytes() {
        var broker = Broker()
        broker.step(
            .subscribe(StreamID(10), SubscriptionRequest(topic: "articles", group: "work")))
        broker.step(.credit(StreamID(10), messages: 10, bytes: 1))
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        #expect(broker.takeDeliveries() == [Handed(10, 1)])
        broker.step(.credit(StreamID(10), messages: 0, bytes: 1_000))
        #expect(broker.takeDeliveries() == [Handed(10, 2)])
    }

    @Test func acksOnce() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.ack(10, 1)
        #expect(broker.takeRefusals().isEmpty)
        broker.ack(10, 1)
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE"])
        #expect(broker.group().acked == 1)
    }

    @Test func settlesOnlyForTheHolderAndItsAttempt() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.subscribe(11)
        _ = broker.takeOut().count
        broker.ack(11, 1)
        broker.ack(10, 1, attempt: 2)
        broker.settle(10, 7, .nack(delay: .zero, Self.fault))
        #expect(
            broker.takeRefusals().map(\.code) == Array(repeating: .failedPrecondition, count: 3))
        #expect(broker.group().floor == 0)
    }

    @Test func acksRangesInOneRecord() {
        var broker = Broker()
        broker.subscribe(10)
        for id in ["a", "b", "c"] { broker.publish(EventBytes.make(id: id)) }
        let before = broker.log.count
        broker.step(
            .settle(
                StreamID(10),
                SettleRequest(number: 9, acks: [.init(first: 1, count: 3, attempt: 1)])))
        #expect(broker.log.count == before + 1)
        #expect(broker.takeOut().contains(.settled(StreamID(10), number: 9)))
        #expect(broker.group().floor == 3)
    }

    @Test func refusesARangeThatNobodyCanHold() {
        var broker = Broker()
        broker.subscribe(10)
        _ = broker.takeOut().count
        broker.step(
            .settle(
                StreamID(10),
                SettleRequest(
                    number: 1,
                    acks: [
                        .init(first: 1, count: .max, attempt: 1),
                        .init(first: .max, count: 2, attempt: 1),
                    ])))
        #expect(
            broker.takeRefusals().map(\.reason) == ["PROTOCOL_VIOLATION", "PROTOCOL_VIOLATION"])
    }

    @Test func acksAndEmitsInOneRecord() {
        var broker = Broker()
        broker.subscribe(10)
        broker.subscribe(11, group: "next", types: ["out"])
        broker.publish(EventBytes.make(id: "a"))
        _ = broker.takeOut().count
        let before = broker.log.count
        broker.settle(10, 1, .ack(outputs: [EventBytes.make(id: "o", type: "out")]))
        #expect(broker.log.count == before + 1)
        #expect(broker.kinds.last == .acknowledgedEvents)
        #expect(
            broker.takeDeliveries()
                == [Handed(11, 2), Handed(10, 2)].sorted(by: { $0.stream < $1.stream }))
    }

    @Test func repeatedOutputsAreLeftOut() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.settle(10, 1, .ack(outputs: [EventBytes.make(id: "o"), EventBytes.make(id: "o")]))
        broker.settle(10, 2, .ack(outputs: [EventBytes.make(id: "o", data: "other")]))
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.engine.durable.topics[0].next == 4)
        #expect(broker.group().acked == 2)
    }

    @Test func aBadOutputLeavesTheDeliveryLeased() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.settle(10, 1, .ack(outputs: [EventBytes.make(id: "ok"), [0xff]]))
        #expect(broker.takeRefusals().map(\.reason) == ["INVALID_EVENT"])
        #expect(broker.engine.durable.topics[0].next == 2)
        broker.ack(10, 1)
        #expect(broker.takeRefusals().isEmpty)
    }

    @Test func redeliversAfterTheBackoff() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.settle(10, 1, .nack(delay: .zero, Self.fault))
        _ = broker.takeOut().count
        broker.advance(by: .milliseconds(790))
        #expect(broker.takeDeliveries().isEmpty)
        broker.advance(by: .milliseconds(220))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
        #expect(broker.kinds.filter { $0 != .delivered }.suffix(2) == [.failed, .attempts])
    }

    @Test func theAttemptIsDurableBeforeItGoesOut() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.settle(10, 1, .nack(delay: .milliseconds(1), Self.fault))
        broker.now.monotonic += 2_000_000
        broker.now.wall += 2_000_000
        let sent = broker.out.count
        broker.step(.tick)
        #expect(broker.group().attempts[1]?.started == 2)
        #expect(broker.out.count == sent + 1)
    }

    @Test func aWorkersDelayReplacesTheBackoff() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.settle(10, 1, .nack(delay: .seconds(20), Self.fault))
        broker.takeDeliveries().forEach { #expect($0.attempt == 1) }
        broker.advance(by: .milliseconds(19_900))
        #expect(broker.takeDeliveries().isEmpty)
        broker.advance(by: .milliseconds(200))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
    }

    /// After the last attempt the broker SHALL move the event to the dead letters of the group.
    @Test(arguments: 1...4 as ClosedRange<UInt32>)
    func deadLettersAfterTheLastAttempt(maximum: UInt32) throws {
        var configuration = EngineConfiguration()
        configuration.maximumDeliveries = maximum
        var broker = Broker(configuration)
        broker.subscribe(10, lease: .seconds(600))
        broker.publish(EventBytes.make(id: "a"))
        for attempt in 1...maximum {
            #expect(broker.takeDeliveries() == [Handed(10, 1, attempt)])
            broker.settle(10, 1, attempt: attempt, .nack(delay: .zero, Self.fault))
            broker.advance(by: .seconds(121))
        }
        #expect(broker.takeDeliveries().isEmpty)
        #expect(broker.group().deadLetters.map(\.sequence) == [1])
        #expect(broker.group().floor == 1)
        let mark = try #require(broker.group().deadLetters.first)
        let logged = broker.log[Int(mark.position) - 1]
        guard
            case .deadLetter(let letter) = try Record(
                kind: logged.kind, payload: logged.payload[...])
        else {
            Issue.record("the mark points elsewhere")
            return
        }
        #expect(letter.attempts.map(\.attempt) == Array(1...maximum))
        #expect(letter.attempts.allSatisfy { $0.worker == "worker" && $0.fault == Self.fault })
        #expect(broker.events(at: mark.eventPosition).map(\.sequence) == [1])
    }

    @Test func rejectsToTheDeadLettersAtOnce() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.settle(10, 1, .reject(Self.fault))
        #expect(broker.group().deadLetters.count == 1)
        broker.advance(by: .seconds(500))
        #expect(broker.takeDeliveries().count == 1)
    }

    @Test func takesBackALeaseThatRanOut() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        _ = broker.takeOut().count
        broker.advance(by: .seconds(12))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
        #expect(broker.group().attempts[1]?.failures.map(\.fault.reason) == ["LEASE_EXPIRED"])
        broker.ack(10, 1, attempt: 1)
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE"])
        broker.ack(10, 1, attempt: 2)
        #expect(broker.group().floor == 1)
    }

    /// Protocols/2-bus §6.1: "from when its delivery leaves".
    @Test func aLeaseBeginsWhenItsDeliveryLeaves() {
        var broker = Broker()
        broker.holdsDeliveries = true
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        broker.advance(by: .seconds(60))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 1)])
        broker.leave()
        broker.advance(by: .seconds(9))
        #expect(broker.group().attempts[1] == nil)
        broker.advance(by: .seconds(2))
        #expect(broker.group().attempts[1]?.failures.map(\.fault.reason) == ["LEASE_EXPIRED"])
    }

    @Test func aDeliveryThatLeavesAfterItsLeaseWasGivenBackBeginsNone() {
        var broker = Broker()
        broker.holdsDeliveries = true
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        var late: [Grant] = []
        broker.engine.takeGrants(into: &late)
        broker.step(.end(StreamID(10), .left))
        broker.subscribe(11, lease: .seconds(10))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 1), Handed(11, 1, 2)])
        broker.step(.sent(late))
        broker.advance(by: .seconds(60))
        #expect(broker.takeDeliveries().isEmpty)
        broker.leave()
        broker.advance(by: .seconds(12))
        #expect(broker.takeDeliveries() == [Handed(11, 1, 3)])
    }

    @Test func anExtendedLeaseDoesNotRunOut() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        for _ in 0..<5 {
            broker.advance(by: .seconds(8))
            broker.settle(10, 1, .extend(.zero))
        }
        broker.settle(10, 1, .extend(.seconds(100)))
        broker.advance(by: .seconds(99))
        #expect(broker.takeDeliveries().count == 1)
        broker.ack(10, 1)
        #expect(broker.group().acked == 1)
    }

    /// A stopped process must not expire everybody's leases when it goes on.
    @Test func aStoppedBrokerDoesNotRunLeasesDown() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        broker.advance(by: .seconds(4))
        broker.now.monotonic += 60_000_000_000
        broker.now.wall += 60_000_000_000
        broker.step(.tick)
        #expect(broker.takeDeliveries().count == 1)
        broker.advance(by: .seconds(12))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
    }

    /// Its lease would have been the first to end in the silence.
    @Test func anAckThatWaitedForAStoppedBrokerCounts() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        broker.publish(EventBytes.make(id: "a"))
        broker.now.monotonic += 60_000_000_000
        broker.step(.tick)
        broker.ack(10, 1)
        #expect(broker.group().acked == 1)
    }

    @Test func aLostWorkersLeasesFailAndALeaversAreReturned() {
        var broker = Broker()
        broker.subscribe(10, credit: 1)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.subscribe(11, credit: 1)
        _ = broker.takeOut().count
        broker.step(.end(StreamID(10), .left))
        broker.step(.end(StreamID(11), .lost))
        broker.subscribe(12)
        #expect(broker.takeDeliveries() == [Handed(12, 1, 2)])
        #expect(broker.group().attempts[1]?.failures.isEmpty == true)
        // The other one is a suspect from now on, and waits for an idle worker.
        broker.ack(12, 1, attempt: 2)
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(12, 2, 2)])
        #expect(broker.group().attempts[2]?.failures.map(\.fault.reason) == ["WORKER_LOST"])
    }

    @Test func releasedEventsCountUntilALimitOfTheirOwn() {
        var configuration = EngineConfiguration()
        configuration.maximumReleases = 3
        var broker = Broker(configuration)
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        for attempt in 1...4 as ClosedRange<UInt32> {
            #expect(broker.takeDeliveries() == [Handed(10, 1, attempt)])
            broker.settle(10, 1, attempt: attempt, .release(pause: .zero, Self.fault))
        }
        #expect(broker.takeDeliveries().isEmpty)
        #expect(broker.group().deadLetters.count == 1)
    }

    @Test func aPausedWorkerTakesNothing() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        _ = broker.takeOut().count
        broker.settle(10, 1, .release(pause: .seconds(5), Self.fault))
        broker.publish(EventBytes.make(id: "b"))
        #expect(broker.takeDeliveries().isEmpty)
        broker.advance(by: .seconds(6))
        #expect(Set(broker.takeDeliveries().map(\.sequence)) == [1, 2])
    }

    @Test func keepsTheOrderOfAKeyAndHoldsNoOtherUp() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(
            EventBytes.make(id: "a1", subject: "a"), EventBytes.make(id: "a2", subject: "a"),
            EventBytes.make(id: "b1", subject: "b"), EventBytes.make(id: "a3", key: "a"),
            EventBytes.make(id: "free"))
        #expect(broker.takeDeliveries().map(\.sequence) == [1, 3, 5])
        broker.settle(10, 1, .nack(delay: .zero, Self.fault))
        #expect(broker.takeDeliveries().isEmpty)
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
        broker.ack(10, 1, attempt: 2)
        #expect(broker.takeDeliveries() == [Handed(10, 2)])
        broker.settle(10, 2, .reject(Self.fault))
        #expect(broker.takeDeliveries() == [Handed(10, 4)])
    }

    @Test func anExpiredEventIsNotDelivered() {
        var broker = Broker()
        broker.publish(
            EventBytes.make(id: "old", expirySeconds: 1_000),
            EventBytes.make(id: "new", expirySeconds: 4_000_000_000))
        broker.subscribe(10)
        #expect(broker.takeDeliveries() == [Handed(10, 2)])
        #expect(broker.kinds.contains(.expired))
        #expect(broker.group().floor == 1)
    }

    @Test func readsABacklogInBoundedSteps() {
        var configuration = EngineConfiguration()
        configuration.fetchEvents = 8
        configuration.maximumWindow = 20
        var broker = Broker(configuration)
        for number in 0..<100 { broker.publish(EventBytes.make(id: "\(number)")) }
        broker.subscribe(10, credit: 100)
        #expect(broker.takeDeliveries().map(\.sequence) == Array(1...20))
        for sequence in 1...100 as ClosedRange<UInt64> { broker.ack(10, sequence) }
        #expect(broker.takeDeliveries().map(\.sequence) == Array(21...100))
        #expect(broker.group().floor == 100)
    }

    @Test func triesAgainWhenTheLogCannotBeRead() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.failsFetches = true
        broker.subscribe(10)
        #expect(broker.takeDeliveries().isEmpty)
        broker.failsFetches = false
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(10, 1)])
        broker.failsFetches = true
        broker.settle(10, 1, .release(pause: .zero, Self.fault))
        broker.failsFetches = false
        broker.advance(by: .seconds(2))
        #expect(broker.takeDeliveries() == [Handed(10, 1, 2)])
    }

    @Test func aCreatedGroupMissesNothing() {
        var broker = Broker()
        let request = SubscriptionRequest(topic: "articles", group: "work", start: .new)
        broker.step(.createGroup(ticket: 1, request))
        broker.publish(EventBytes.make(id: "a"))
        broker.step(.createGroup(ticket: 2, request))
        let answers = broker.takeOut().compactMap { action -> GroupCreated? in
            guard case .groupCreated(_, .success(let created)) = action else { return nil }
            return created
        }
        #expect(
            answers == [
                GroupCreated(created: true, behind: 0), GroupCreated(created: false, behind: 1),
            ])
        broker.subscribe(10)
        #expect(broker.takeDeliveries() == [Handed(10, 1)])
    }

    @Test func limitsGroupsSubscriptionsAndLeases() {
        var configuration = EngineConfiguration()
        configuration.maximumGroups = 1
        configuration.maximumSubscriptions = 2
        var broker = Broker(configuration)
        broker.subscribe(1, lease: .seconds(3_601))
        #expect(broker.takeRefusals().map(\.reason) == ["INVALID_SUBSCRIPTION"])
        broker.subscribe(2, lease: .seconds(3_600))
        broker.subscribe(3, group: "other")
        #expect(broker.takeRefusals().map(\.reason) == ["TOO_MANY"])
        broker.subscribe(4)
        #expect(broker.takeRefusals().isEmpty)
        broker.subscribe(5)
        #expect(broker.takeRefusals().map(\.reason) == ["TOO_MANY"])
        broker.subscribe(6, types: ["a.>.b"])
        #expect(broker.takeRefusals().map(\.code) == [.resourceExhausted])
    }
}
