import BaridEngine
import Testing

/// Protocols/2-bus §13.
struct DeadLetterTests {
    private static let fault = BusFault(code: .invalidArgument, reason: "BAD", message: "bad")

    /// A broker with so many events, each rejected by the group `work`.
    private static func buried(_ count: Int) -> Broker {
        var broker = Broker()
        broker.subscribe(1)
        for number in 1...count {
            broker.publish(EventBytes.make(id: "\(number)"))
            broker.settle(1, UInt64(number), .reject(fault))
        }
        _ = broker.takeOut().count
        return broker
    }

    /// §13.1: "never given twice".
    @Test func numbersGrow() {
        let broker = Self.buried(3)
        let numbers = broker.group().deadLetters.map(\.position)
        #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
        for mark in broker.group().deadLetters {
            #expect(broker.group().deadLetter(at: mark.position) == mark)
            #expect(broker.group().deadLetter(at: mark.position - 1) == nil)
        }
    }

    @Test func findsWhereAPageBegins() {
        let group = Self.buried(3).group()
        let numbers = group.deadLetters.map(\.position)
        #expect(group.firstDeadLetter(after: 0) == 0)
        #expect(group.firstDeadLetter(after: numbers[0] - 1) == 0)
        #expect(group.firstDeadLetter(after: numbers[0]) == 1)
        #expect(group.firstDeadLetter(after: numbers[2]) == 3)
        #expect(group.firstDeadLetter(after: .max) == 3)
        #expect(group.deadLetter(at: 0) == nil)
    }

    /// §13.4: one record for what is there, none for what is gone.
    @Test func purgingIsOneRecordAndHarmlessAgain() throws {
        var broker = Self.buried(3)
        let numbers = broker.group().deadLetters.map(\.position)
        let before = broker.log.count
        broker.step(
            .removeDeadLetters(GroupID(0), positions: [numbers[2], numbers[0], numbers[0], 1]))
        #expect(broker.log.count == before + 1)
        #expect(broker.kinds.last == .deadLettersRemoved)
        #expect(broker.group().deadLetters.map(\.position) == [numbers[1]])
        broker.step(.removeDeadLetters(GroupID(0), positions: [numbers[0]]))
        broker.step(.removeDeadLetters(GroupID(7), positions: [numbers[1]]))
        #expect(broker.log.count == before + 1)
        // It survives a restart and a snapshot, and nothing is delivered again.
        #expect(try broker.replay() == broker.engine.durable)
        #expect(
            try Durable(snapshot: broker.engine.durable.snapshot()[...]) == broker.engine.durable)
        try broker.restart()
        broker.subscribe(2)
        #expect(broker.takeDeliveries().isEmpty)
        #expect(broker.group().deadLetters.count == 1)
    }

    /// §13.5: "removing the dead letters and making their events due is one record": a crash after
    /// any record leaves each event a dead letter or due, and never both.
    @Test func aCrashAtAnyMomentOfARetryLosesNothing() throws {
        for kept in 0...40 {
            var broker = Self.buried(3)
            let before = broker.log.count
            broker.step(
                .operate(ticket: 1, topic: "articles", group: "work", .retry([1, 3])))
            for sequence in [1, 3] as [UInt64] {
                for handed in broker.takeDeliveries() where handed.sequence == sequence {
                    broker.ack(1, sequence, attempt: handed.attempt)
                }
            }
            guard before + kept <= broker.log.count else { return }
            try broker.restart(keeping: before + kept)
            let state = broker.group()
            for sequence in [1, 3] as [UInt64] {
                let isDead = state.deadLetters.contains { $0.sequence == sequence }
                let isDue = state.again.number(of: sequence) != nil
                #expect(!(isDead && isDue))
                #expect(isDead || isDue || kept > 0)
            }
            #expect(state.deadLetters.contains { $0.sequence == 2 })
            // Asked again, it goes on with the rest, and all are handled.
            broker.subscribe(2)
            broker.step(
                .operate(ticket: 2, topic: "articles", group: "work", .retry([1, 3])))
            for handed in broker.takeDeliveries() {
                broker.ack(2, handed.sequence, attempt: handed.attempt)
            }
            #expect(broker.group().deadLetters.map(\.sequence) == [2])
            #expect(broker.group().again.isEmpty)
        }
    }

    /// What was tried before a retry stays with the event, also after a restart, until it is acked.
    @Test func historySurvivesARetry() throws {
        var broker = Self.buried(1)
        let first = broker.group().deadLetters[0].position
        broker.step(.operate(ticket: 1, topic: "articles", group: "work", .retry([1])))
        #expect(broker.group().deadLetters.isEmpty)
        #expect(broker.group().earlier == [1: first])
        #expect(
            try Durable(snapshot: broker.engine.durable.snapshot()[...]) == broker.engine.durable)
        try broker.restart()
        broker.subscribe(2)
        let handed = broker.takeDeliveries()
        #expect(handed.map(\.sequence) == [1])
        broker.settle(2, 1, attempt: handed[0].attempt, .reject(Self.fault))
        let last = try #require(broker.log.last)
        guard case .deadLetter(let letter) = try Record(kind: last.kind, payload: last.payload[...])
        else { Issue.record("no dead letter"); return }
        #expect(letter.earlier == first)
        #expect(letter.attempts.count == 1)
        #expect(broker.group().earlier.isEmpty)
        // Acked after another retry, there is nothing left of it but the log.
        broker.step(.operate(ticket: 2, topic: "articles", group: "work", .retry([1])))
        let again = broker.takeDeliveries()
        broker.ack(2, 1, attempt: again[0].attempt)
        #expect(broker.group().earlier.isEmpty && broker.group().deadLetters.isEmpty)
        #expect(try broker.replay() == broker.engine.durable)
    }
}
