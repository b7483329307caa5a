import Testing

@testable import BaridChaos

@Suite struct ProvenEventTests {
    /// A publisher that begins again sends the same bytes under the same id.
    @Test func numberAndSeedMakeTheEvent() throws {
        let traffic = Traffic(seed: 7)
        for number in 1...50 as ClosedRange<UInt64> {
            let event = ProvenEvent(number: number, publisher: "p", traffic: traffic)
            let again = ProvenEvent(number: number, publisher: "p", traffic: traffic)
            #expect(event == again)
            #expect(ProvenEvent(id: event.id, traffic: traffic) == event)
            #expect(try event.envelope.serialized() == again.envelope.serialized())
            #expect(event.body.count <= traffic.bytes && event.body.count > traffic.bytes - 8)
            let order = try #require(ProvenEvent.order(of: event.body))
            #expect(order.order == event.order && order.work == event.work)
        }
        let first = ProvenEvent(number: 1, publisher: "p", traffic: traffic)
        #expect(first.body != ProvenEvent(number: 2, publisher: "p", traffic: traffic).body)
        #expect(
            first.body != ProvenEvent(number: 1, publisher: "p", traffic: Traffic(seed: 8)).body)
    }

    @Test func everyOrderComesAndPoisonOnlyWhenAskedFor() {
        var traffic = Traffic(seed: 1)
        func orders() -> Set<ProvenEvent.Order> {
            Set((1...3_000).map { ProvenEvent(number: $0, publisher: "p", traffic: traffic).order })
        }
        #expect(orders() == [.ack, .emit, .retry, .reject])
        traffic.poisonEvery = 100
        #expect(orders() == Set(ProvenEvent.Order.allCases))
        let poison = ProvenEvent(number: 300, publisher: "p", traffic: traffic)
        #expect(poison.order == .poison)
    }

    @Test(arguments: ["", "ack", "ack x\n", "nothing 3\n", "ack 3 4\n"])
    func otherBodiesAreNoOrders(text: String) {
        #expect(ProvenEvent.order(of: Array(text.utf8)) == nil)
    }
}
