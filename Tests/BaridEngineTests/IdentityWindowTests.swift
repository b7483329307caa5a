import BaridEngine
import Testing

/// Protocols/2-bus §3.3: the window in which a repeat is recognised, by count and by time.
struct IdentityWindowTests {
    private static func broker(events: Int = 1_000, age: Duration = .seconds(3_600)) -> Broker {
        var configuration = EngineConfiguration()
        configuration.identities = events
        configuration.identityAge = age
        return Broker(configuration)
    }

    private static func isRepeat(_ id: String, _ broker: inout Broker) -> Bool {
        _ = broker.takeOut().count
        broker.publish(EventBytes.make(id: id))
        return broker.takeReceipts().first?.duplicate ?? false
    }

    /// Of the first generation, the last event is remembered while a whole second one follows it;
    /// at and above that it is forgotten.
    @Test(arguments: [(3, true), (4, true), (5, false), (6, false)])
    func countsEvents(younger: Int, isKnown: Bool) {
        var broker = Self.broker(events: 4)
        for number in 0..<3 { broker.publish(EventBytes.make(id: "before-\(number)")) }
        broker.publish(EventBytes.make(id: "a"))
        for number in 0..<younger { broker.publish(EventBytes.make(id: "\(number)")) }
        #expect(Self.isRepeat("a", &broker) == isKnown)
    }

    /// A batch that does not fit into what is left of a generation ends it no earlier.
    @Test func countsEventsOfBatches() {
        var broker = Self.broker(events: 4)
        for number in 0..<3 { broker.publish(EventBytes.make(id: "before-\(number)")) }
        broker.publish(EventBytes.make(id: "a"))
        for batch in 0..<2 {
            #expect(Self.isRepeat("a", &broker), "after \(3 * batch) events")
            broker.publish(
                EventBytes.make(id: "\(batch)-0"), EventBytes.make(id: "\(batch)-1"),
                EventBytes.make(id: "\(batch)-2"))
        }
        #expect(Self.isRepeat("a", &broker), "after 6 events, in one generation")
        broker.publish(EventBytes.make(id: "next"))
        #expect(!Self.isRepeat("a", &broker), "after more than a generation")
    }

    /// Below, at and above the time for which an identity is remembered at least, and at most.
    @Test(
        arguments: [
            (3_599, true), (3_600, true), (3_601, true), (7_199, true), (7_200, false),
            (7_201, false), (10_000, false),
        ] as [(Int, Bool)])
    func countsTime(seconds: Int, isKnown: Bool) {
        var broker = Self.broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.advance(by: .seconds(min(seconds, 3_600)))
        broker.publish(EventBytes.make(id: "something in each generation"))
        broker.advance(by: .seconds(max(0, seconds - 3_600)))
        #expect(Self.isRepeat("a", &broker) == isKnown)
    }

    /// A long silence and a clock that was set forward look the same, also over a restart: one generation
    /// ends, and what was stored before is remembered for an age more.
    @Test(
        arguments: [
            (7_200, 3_599, true), (7_200, 3_600, false), (10_799, 3_599, true),
            (31_536_000, 3_599, true), (31_536_000, 3_600, false),
        ] as [(Int, Int, Bool)])
    func aJumpOfTheClockForgetsNothingAtOnce(seconds: Int, later: Int, isKnown: Bool) throws {
        var broker = Self.broker()
        broker.publish(EventBytes.make(id: "a"))
        try broker.restart()
        broker.advance(by: .seconds(seconds))
        #expect(Self.isRepeat("a", &broker))
        broker.advance(by: .seconds(later))
        #expect(Self.isRepeat("a", &broker) == isKnown)
        #expect(try broker.replay() == broker.engine.durable)
    }

    /// An identity stored just before its generation ends is remembered for a whole age more.
    @Test(arguments: [(3_599, true), (3_600, true), (3_601, false), (7_201, false)])
    func remembersTheYoungestForAWholeAge(seconds: Int, isKnown: Bool) {
        var broker = Self.broker()
        broker.publish(EventBytes.make(id: "first"))
        broker.advance(by: .seconds(3_599))
        broker.publish(EventBytes.make(id: "a"))
        broker.advance(by: .seconds(1))
        broker.publish(EventBytes.make(id: "turns the generation"))
        broker.advance(by: .seconds(seconds - 1))
        #expect(Self.isRepeat("a", &broker) == isKnown)
    }

    /// The age is recorded: a restart, and a start from a snapshot, forget neither early nor late.
    @Test(arguments: [true, false])
    func survivesARestart(snapshot: Bool) throws {
        var broker = Self.broker()
        broker.publish(EventBytes.make(id: "a"))
        broker.advance(by: .seconds(3_000))
        try broker.restart()
        if snapshot {
            let bytes = broker.engine.durable.snapshot()
            #expect(try Durable(snapshot: bytes[...]) == broker.engine.durable)
            broker.engine = Engine(
                configuration: broker.engine.configuration,
                durable: try Durable(snapshot: bytes[...]))
        }
        broker.advance(by: .seconds(3_000))
        #expect(Self.isRepeat("a", &broker))
        broker.advance(by: .seconds(3_000))
        #expect(!Self.isRepeat("a", &broker))
        #expect(try broker.replay() == broker.engine.durable)
    }

    /// §3.1, §3.2: a repeat gets the first receipt, other data a refusal, and neither is stored.
    @Test func answersWithTheFirstReceipt() throws {
        var broker = Self.broker()
        broker.publish(EventBytes.make(id: "x"))
        broker.publish(EventBytes.make(id: "a", data: "one"))
        try broker.restart()
        broker.publish(EventBytes.make(id: "a", data: "one"), EventBytes.make(id: "a", data: "two"))
        let receipts = broker.takeReceipts()
        #expect(receipts.first == Receipt(count: 1, firstSequence: 2, duplicate: true))
        #expect(receipts.last?.fault?.code == .alreadyExists)
        #expect(broker.engine.durable.topics[0].next == 3)
    }

    /// An output that was emitted before is recognised however long the worker took, within the window.
    @Test func outputsAreAgedToo() {
        var broker = Self.broker()
        broker.subscribe(1, types: ["news.test.happened.v1"])
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        let output = EventBytes.make(id: "out", type: "news.test.made.v1")
        broker.settle(1, 1, .ack(outputs: [output]))
        #expect(broker.engine.durable.topics[0].next == 4)
        broker.settle(1, 2, .ack(outputs: [output]))
        #expect(broker.engine.durable.topics[0].next == 4)
        broker.publish(EventBytes.make(id: "c"))
        broker.advance(by: .seconds(7_300))
        broker.settle(1, 5, attempt: 1, .ack(outputs: [output]))
        #expect(broker.engine.durable.topics[0].next == 5, "its lease ran out long ago")
    }
}
