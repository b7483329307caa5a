import BaridEngine
import Testing

/// Protocols/2-bus §14: events that no group takes, credit, and the window are counted and bounded.
struct SubscriberTests {
    @Test func countsEventsNoGroupTakes() throws {
        var broker = Broker()
        let topic = TopicID(0)
        broker.publish(
            EventBytes.make(id: "1", type: "a.b.v1"), EventBytes.make(id: "2", type: "a.c.v1"),
            EventBytes.make(id: "3", type: "a.b.v1"), EventBytes.make(id: "3", type: "a.b.v1"))
        #expect(broker.engine.noSubscriber(of: topic) == 3)
        broker.subscribe(1, group: "one", types: ["a.b.*"])
        #expect(broker.engine.noSubscriber(of: topic) == 1)
        try broker.restart()
        #expect(broker.engine.noSubscriber(of: topic) == 1)
        #expect(
            try Durable(snapshot: broker.engine.durable.snapshot()[...]) == broker.engine.durable)
        broker.subscribe(2, group: "all")
        #expect(broker.engine.noSubscriber(of: topic) == 0)
        #expect(broker.engine.noSubscriber(of: TopicID(9)) == 0)
    }

    /// Below, at and above the types that are counted each for itself.
    @Test(arguments: [255, 256, 257, 300])
    func countsManyTypesTogether(count: Int) {
        var broker = Broker()
        for number in 0..<count {
            broker.publish(EventBytes.make(id: "\(number)", type: "a.t\(number).v1"))
        }
        let types = broker.engine.durable.topics[0].types
        #expect(types.elements.count == min(count, TypeCounts.maximum))
        #expect(types.others == UInt64(max(0, count - TypeCounts.maximum)))
        #expect(broker.engine.noSubscriber(of: TopicID(0)) == UInt64(count))
        broker.subscribe(1, types: ["a.t0.v1"])
        #expect(broker.engine.noSubscriber(of: TopicID(0)) == UInt64(count - 1))
    }

    /// §5.2: credit adds up to 65,536 messages and 64 MiB.
    @Test(arguments: [(65_535, 65_535), (65_536, 65_536), (65_537, 65_536)] as [(UInt32, Int)])
    func creditAddsUpToItsLimit(credit: UInt32, kept: Int) {
        var broker = Broker()
        broker.subscribe(1, credit: 1)
        broker.step(.credit(StreamID(1), messages: credit - 1, bytes: 0))
        #expect(broker.engine.status(of: GroupID(0))?.credit == kept)
        broker.step(.credit(StreamID(1), messages: .max, bytes: .max))
        #expect(broker.engine.status(of: GroupID(0))?.credit == 65_536)
    }

    /// §5.2: no delivery without credit in bytes; the last one may overdraw by itself.
    @Test func creditInBytesBoundsWhatIsOut() {
        var broker = Broker()
        broker.step(
            .subscribe(StreamID(1), SubscriptionRequest(topic: "articles", group: "work")))
        broker.step(.credit(StreamID(1), messages: 1_000, bytes: 1_000))
        for number in 0..<20 {
            broker.publish(
                EventBytes.make(id: "\(number)", data: String(repeating: "x", count: 300)))
        }
        let sizes = broker.takeOut().compactMap { action -> Int? in
            guard case .deliver(_, let delivery) = action else { return nil }
            return delivery.bytes.count
        }
        let out = sizes.reduce(0, +)
        #expect(out >= 1_000 && out - (sizes.last ?? 0) < 1_000, "\(sizes)")
    }

    /// §4.5: whatever the backlog, a group holds no more than its window; at, below and above.
    @Test(arguments: [63, 64, 65, 1_000])
    func theWindowBoundsAnyBacklog(backlog: Int) throws {
        var configuration = EngineConfiguration()
        configuration.maximumWindow = 64
        configuration.maximumWindowBytes = 16 << 10
        var broker = Broker(configuration)
        broker.subscribe(1, credit: 0)
        for number in 0..<backlog {
            broker.publish(
                EventBytes.make(
                    id: "\(number)", key: "one key", data: String(repeating: "x", count: 200)))
        }
        broker.step(.credit(StreamID(1), messages: 60_000, bytes: 1 << 30))
        var done = 0
        while done < backlog {
            let found = broker.engine.status(of: GroupID(0))
            let status = try #require(found)
            #expect(status.window <= 64)
            #expect(status.heldBytes <= 16 << 10 + 300)
            let handed = broker.takeDeliveries()
            try #require(!handed.isEmpty, "a full window stands still after \(done)")
            for delivery in handed {
                broker.ack(1, delivery.sequence, attempt: delivery.attempt)
                done += 1
            }
        }
        #expect(broker.engine.status(of: GroupID(0))?.lag == 0)
        #expect(broker.engine.status(of: GroupID(0))?.window == 0)
    }
}
