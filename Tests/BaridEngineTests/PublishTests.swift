import BaridEngine
import Testing

/// Protocols/2-bus, "Publishing" and "Identity".
struct PublishTests {
    @Test func numbersEventsWithoutGaps() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.publish(EventBytes.make(id: "c"))
        #expect(
            broker.takeReceipts() == [
                Receipt(count: 2, firstSequence: 1), Receipt(count: 1, firstSequence: 3),
            ])
        #expect(broker.kinds == [.epoch, .topicCreated, .events, .events])
    }

    @Test func numbersEachTopicForItself() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), topic: "one")
        broker.publish(EventBytes.make(id: "a"), topic: "two")
        #expect(broker.takeReceipts().map(\.firstSequence) == [1, 1])
    }

    @Test func appendsBeforeItAnswers() {
        var engine = Engine()
        let now = Instant(monotonic: 1, wall: 1)
        var actions: [Action] = []
        engine.open(key: HashKey(low: 1, high: 2), at: now, into: &actions)
        actions = []
        engine.step(
            .publish(StreamID(1), topic: "t", events: [EventBytes.make(id: "a")]), at: now,
            into: &actions)
        let kinds = actions.map {
            if case .append = $0 { "append" } else { "answer" }
        }
        #expect(kinds == ["append", "append", "answer"])
    }

    @Test func answersARepeatWithTheFirstReceipt() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.publish(EventBytes.make(id: "b"), EventBytes.make(id: "c"))
        _ = broker.takeOut().count
        broker.publish(EventBytes.make(id: "b"))
        #expect(broker.takeReceipts() == [Receipt(count: 1, firstSequence: 2, duplicate: true)])
        #expect(broker.engine.durable.topics[0].next == 4)
    }

    @Test func recognisesARepeatWithinABatch() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "a"))
        #expect(
            broker.takeReceipts() == [
                Receipt(count: 1, firstSequence: 1),
                Receipt(count: 1, firstSequence: 1, duplicate: true),
            ])
    }

    @Test func refusesTheSameIdentityWithOtherData() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a", data: "one"))
        broker.publish(EventBytes.make(id: "a", data: "two"), EventBytes.make(id: "b"))
        let receipts = broker.takeReceipts()
        #expect(receipts[1].fault?.code == .alreadyExists)
        #expect(receipts[1].fault?.reason == "IDENTITY_CONFLICT")
        #expect(receipts[2] == Receipt(count: 1, firstSequence: 2))
    }

    @Test func anotherSubjectOfTheSameDataIsARepeat() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a", subject: "x"))
        broker.publish(EventBytes.make(id: "a", subject: "y"))
        #expect(broker.takeReceipts().map(\.duplicate) == [false, true])
    }

    @Test func tellsSourceAndIdApart() {
        var broker = Broker()
        broker.publish(
            EventBytes.make(id: "bc", source: "a"), EventBytes.make(id: "c", source: "ab"))
        #expect(broker.takeReceipts() == [Receipt(count: 2, firstSequence: 1)])
    }

    @Test func recognisesRepeatsAfterARestart() throws {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        try broker.restart()
        broker.publish(EventBytes.make(id: "a"))
        #expect(broker.takeReceipts() == [Receipt(count: 1, firstSequence: 1, duplicate: true)])
    }

    @Test func forgetsIdentitiesAfterTwoGenerations() {
        var configuration = EngineConfiguration()
        configuration.identities = 4
        var broker = Broker(configuration)
        for number in 1...9 { broker.publish(EventBytes.make(id: "\(number)")) }
        _ = broker.takeOut().count
        broker.publish(EventBytes.make(id: "5"), EventBytes.make(id: "1"))
        #expect(
            broker.takeReceipts() == [
                Receipt(count: 1, firstSequence: 5, duplicate: true),
                Receipt(count: 1, firstSequence: 10),
            ])
        #expect(broker.kinds.contains(.identitiesRotated))
    }

    @Test func refusesBadEventsAndStoresTheOthers() {
        var broker = Broker()
        broker.publish(
            EventBytes.make(id: "a"), EventBytes.make(id: ""), [0xff], EventBytes.make(id: "b"))
        let receipts = broker.takeReceipts()
        #expect(receipts.map(\.firstSequence) == [1, 0, 0, 2])
        #expect(receipts[1].fault?.message == "attribute 'id' is missing or empty")
        #expect(receipts[2].fault?.reason == "INVALID_EVENT")
    }

    /// Below, at and above the limits of a batch.
    @Test(arguments: [(2, true), (3, true), (4, false)])
    func limitsTheEventsOfABatch(count: Int, accepted: Bool) {
        var configuration = EngineConfiguration()
        configuration.maximumBatchEvents = 3
        var broker = Broker(configuration)
        let events = (0..<count).map { EventBytes.make(id: "\($0)") }
        broker.step(.publish(StreamID(1), topic: "t", events: events))
        let receipts = broker.takeReceipts()
        #expect(receipts.count == 1)
        #expect(receipts[0].count == UInt32(count))
        #expect((receipts[0].fault == nil) == accepted)
    }

    @Test func limitsTheBytesOfAnEvent() {
        var configuration = EngineConfiguration()
        let event = EventBytes.make(id: "a")
        configuration.maximumEventBytes = event.count
        var broker = Broker(configuration)
        broker.publish(event)
        broker.publish(EventBytes.make(id: "ab"))
        let receipts = broker.takeReceipts()
        #expect(receipts[0].fault == nil)
        #expect(receipts[1].fault?.reason == "EVENT_TOO_LARGE")
    }

    @Test func limitsTheBytesOfABatchOfSeveral() {
        var configuration = EngineConfiguration()
        let event = EventBytes.make(id: "a")
        configuration.maximumBatchBytes = event.count
        var broker = Broker(configuration)
        broker.publish(event)
        broker.publish(EventBytes.make(id: "b"), EventBytes.make(id: "c"))
        let receipts = broker.takeReceipts()
        #expect(receipts[0].fault == nil)
        #expect(receipts[1].fault?.reason == "BATCH_TOO_LARGE")
        #expect(receipts[1].count == 2)
    }

    @Test(arguments: ["", "Articles", "-a", "a b", String(repeating: "a", count: 65)])
    func refusesBadTopicNames(name: String) {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), topic: name)
        #expect(broker.takeReceipts()[0].fault?.reason == "INVALID_NAME")
    }

    @Test func limitsTopics() {
        var configuration = EngineConfiguration()
        configuration.maximumTopics = 1
        var broker = Broker(configuration)
        broker.publish(EventBytes.make(id: "a"), topic: "one")
        broker.publish(EventBytes.make(id: "a"), topic: "two")
        #expect(broker.takeReceipts()[1].fault?.reason == "TOO_MANY")
    }

    @Test func refusesPublishesWhenTheLogIsFullButLetsWorkersDrain() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.subscribe(10)
        broker.step(.storage(.publishesRefused))
        _ = broker.takeOut().count
        broker.publish(EventBytes.make(id: "b"))
        let receipt = broker.takeReceipts()[0]
        #expect(receipt.fault?.code == .resourceExhausted)
        #expect((receipt.fault?.retryAfter ?? .zero) > .zero)
        broker.settle(10, 1, .ack(outputs: [EventBytes.make(id: "out")]))
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.engine.durable.topics[0].next == 3)
    }

    @Test func keepsTheDeliveryLeasedWhenEvenOutputsAreRefused() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.subscribe(10)
        broker.step(.storage(.outputsRefused))
        _ = broker.takeOut().count
        broker.settle(10, 1, .ack(outputs: [EventBytes.make(id: "out")]))
        #expect(broker.takeRefusals().map(\.reason) == ["STORAGE_FULL"])
        broker.ack(10, 1)
        #expect(broker.takeRefusals().isEmpty)
    }
}
