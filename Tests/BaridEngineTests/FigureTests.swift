import Testing

@testable import BaridEngine

/// Protocols/8-observability §1: what the engine counts for operators.
struct FigureTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    @Test func aHistogramCountsEachValueInOneBucket() {
        var histogram = Histogram(bounds: [10, 20])
        for value: Int64 in [-5, 0, 10, 11, 20, 21, .max] { histogram.add(value) }
        histogram.add(15, times: 3)
        #expect(histogram.counts == [3, 5, 2])
        #expect(histogram.count == 10)
        // It stays at the end rather than run over.
        #expect(histogram.sum == .max)
        histogram.add(.max, times: .max)
        #expect(histogram.sum == .max)
    }

    @Test func everyEndOfADeliveryIsCountedOnce() {
        var broker = Broker()
        broker.subscribe(10, lease: .seconds(10))
        for id in ["a", "b", "c", "d", "e"] { broker.publish(EventBytes.make(id: id)) }
        #expect(broker.takeDeliveries().count == 5)
        broker.advance(by: .milliseconds(3))
        broker.ack(10, 1)
        broker.settle(10, 2, .nack(delay: .seconds(100), Self.fault))
        broker.settle(10, 3, .reject(Self.fault))
        broker.settle(10, 4, .extend(.seconds(60)))
        broker.settle(10, 5, .release(pause: .zero, Self.fault))
        broker.settle(10, 1, .extend(.seconds(1)))
        var figures = broker.engine.figures(of: GroupID(0)) ?? GroupFigures()
        #expect(figures.acks == 1 && figures.nacks == 1 && figures.rejects == 1)
        #expect(figures.extensions == 1 && figures.releases == 1 && figures.stale == 1)
        #expect(figures.deadLetters == 1)
        // What was given back went out again.
        #expect(figures.deliveries == 6 && figures.redeliveries == 1)
        #expect(figures.handling.count == 3 && figures.handling.sum == 9_000_000)
        #expect(figures.endToEnd.count == 1 && figures.endToEnd.sum == 3_000_000)

        broker.advance(by: .seconds(20))
        figures = broker.engine.figures(of: GroupID(0)) ?? GroupFigures()
        #expect(figures.expiredLeases == 1)
        broker.step(.end(StreamID(10), .lost))
        figures = broker.engine.figures(of: GroupID(0)) ?? GroupFigures()
        #expect(figures.losses == 2)
        let none = broker.engine.figures(of: GroupID(9))
        #expect(none == nil)
    }

    /// A counter does not go back while the process lives.
    @Test func aResetKeepsTheFigures() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"))
        broker.ack(10, 1)
        broker.operate(.reset(.first))
        let acks = broker.engine.figures(of: GroupID(0))?.acks
        #expect(acks == 1)
    }

    @Test func publishesAreCountedByWhatBecameOfThem() {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.publish(EventBytes.make(id: "a"))
        broker.publish(EventBytes.make(id: "c"), topic: "Not A Name")
        broker.step(.storage(.publishesRefused))
        broker.publish(EventBytes.make(id: "c"), EventBytes.make(id: "d"))
        let figures = broker.engine.figures(of: TopicID(0))
        #expect(figures.published == 2 && figures.duplicates == 1 && figures.emitted == 0)
        #expect(figures.bytes > 0)
        let refused = broker.engine.refused
        #expect(refused == ["INVALID_NAME": 1, "STORAGE_FULL": 2])
        let none = broker.engine.figures(of: TopicID(7))
        #expect(none == TopicFigures())
    }
}
