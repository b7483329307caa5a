import BaridEngine
import Testing

/// Protocols/2-bus §6.2: no token is given out twice, however an event comes to go out again under
/// an attempt it had; a late ack under the first one is told and changes nothing.
struct TurnTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    /// How an event comes to go out again under the attempt it had.
    enum Way: CaseIterable {
        case workerLostWithSeveral, deadLetterRetried, replay, reset, groupMadeAgain, restart
        case restartOfWhatIsDueAgain, lostThenRestarted, leaseRanOutBeforeReplay
    }

    private static func subscribe(_ broker: inout Broker, _ stream: UInt64) {
        broker.subscribe(stream, lease: .seconds(10), knowsTurns: true)
    }

    /// Gives out two events, and then the first once more under attempt 1.
    ///
    /// - Returns: The token of the first time and of the last.
    private static func again(_ broker: inout Broker, _ way: Way) throws -> (Token, Token) {
        subscribe(&broker, 10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        let tokens = broker.takeTokens()
        let first = try #require(tokens.first { $0.sequence == 1 })
        switch way {
        case .workerLostWithSeveral:
            broker.step(.end(StreamID(10), .lost))
            subscribe(&broker, 11)
        case .lostThenRestarted:
            broker.step(.end(StreamID(10), .lost))
            try broker.restart()
            subscribe(&broker, 11)
        case .deadLetterRetried:
            broker.settle(10, 1, .reject(fault))
            _ = broker.takeOut().count
            broker.operate(.retry([1]))
        case .replay:
            broker.ack(10, 1)
            _ = broker.takeOut().count
            broker.operate(.replay([1...1]))
        case .leaseRanOutBeforeReplay:
            broker.advance(by: .seconds(12))
            broker.ack(10, 1, attempt: 2)
            _ = broker.takeOut().count
            broker.operate(.replay([1...1]))
        case .reset:
            broker.operate(.reset(.first))
            subscribe(&broker, 11)
        case .groupMadeAgain:
            broker.operate(.delete)
            subscribe(&broker, 11)
        case .restart:
            // That it went out was not written down yet.
            try broker.restart()
            subscribe(&broker, 11)
        case .restartOfWhatIsDueAgain:
            broker.ack(10, 1)
            broker.operate(.replay([1...1]))
            try broker.restart()
            subscribe(&broker, 11)
        }
        let again = broker.takeTokens()
        return (first, try #require(again.first { $0.sequence == 1 }))
    }

    @Test(arguments: Way.allCases)
    func aTokenIsGivenOutOnce(way: Way) throws {
        var broker = Broker()
        let (first, last) = try Self.again(&broker, way)
        #expect(first.attempt == 1)
        #expect(last.attempt == 1, "otherwise this way shows nothing")
        #expect(first.turn == 0, "the common path has none")
        #expect(last.turn > first.turn)
    }

    @Test(
        arguments: Way.allCases,
        [
            .ack(outputs: []), .nack(delay: .zero, Self.fault), .reject(Self.fault),
            .extend(.seconds(60)), .release(pause: .zero, Self.fault),
        ] as [SettleRequest.Outcome])
    func aLateSettlementChangesNothing(way: Way, outcome: SettleRequest.Outcome) throws {
        var broker = Broker()
        let (first, last) = try Self.again(&broker, way)
        let (records, state) = (broker.log.count, broker.engine.durable.hash)
        // On the stream that holds it, as a client does that mixes up what it was given when.
        broker.settle(last.stream, 1, attempt: first.attempt, turn: first.turn, outcome)
        broker.ack(last.stream, 1, attempt: first.attempt, turn: first.turn)
        #expect(broker.takeRefusals().map(\.reason) == ["STALE_LEASE", "STALE_LEASE"])
        #expect(broker.log.count == records)
        #expect(broker.engine.durable.hash == state)
        let held = broker.engine.leased(by: StreamID(last.stream))
        broker.ack(last.stream, 1, attempt: last.attempt, turn: last.turn)
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.log.count == records + 1)
        #expect(broker.engine.leased(by: StreamID(last.stream)) <= held)
    }

    /// What is refused is named with its turn, so that a worker knows which of its settlements.
    @Test func aRefusalNamesTheTurn() throws {
        var broker = Broker()
        let (_, last) = try Self.again(&broker, .replay)
        broker.ack(10, 1, turn: last.turn + 1)
        let turns = broker.takeOut().compactMap { action -> UInt64? in
            guard case .settleRefused(_, 1, 1, let turn, _) = action else { return nil }
            return turn
        }
        #expect(turns == [last.turn + 1])
    }

    /// Everything of a backlog has one turn, so that its acks are ranges as on the common path.
    @Test func aBacklogHasOneTurn() throws {
        var broker = Broker()
        for number in 1...200 { broker.publish(EventBytes.make(id: "\(number)")) }
        try broker.restart()
        Self.subscribe(&broker, 10)
        broker.publish(EventBytes.make(id: "new"))
        let tokens = broker.takeTokens()
        #expect(tokens.map(\.sequence) == Array(1...201))
        #expect(Set(tokens.dropLast().map(\.turn)).count == 1)
        #expect(tokens.last?.turn == 0)
        let turn = try #require(tokens.first?.turn)
        broker.step(
            .settle(
                StreamID(10),
                SettleRequest(
                    number: 1, acks: [.init(first: 1, count: 200, attempt: 1, turn: turn)])))
        #expect(broker.takeRefusals().isEmpty)
        #expect(broker.group().floor == 200)
    }

    /// §6.2.3: a worker of before there were turns goes on as it did.
    @Test(arguments: Way.allCases)
    func aWorkerThatKnowsNoTurnsIsGivenNone(way: Way) throws {
        var broker = Broker()
        let (_, last) = try Self.again(&broker, way)
        broker.step(.end(StreamID(last.stream), .left))
        broker.subscribe(20)
        let given = broker.takeTokens()
        #expect(given.allSatisfy { $0.turn == 0 })
        let one = try #require(given.first)
        broker.ack(20, one.sequence, attempt: one.attempt, turn: 77)
        #expect(broker.takeRefusals().isEmpty)
    }

    /// However often it goes out, in whatever way: turn and attempt grow.
    @Test func tokensGrow() throws {
        var broker = Broker()
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        var tokens: [Token] = []
        var stream: UInt64 = 10
        for way in 0..<60 {
            if broker.engine.leased(by: StreamID(stream)) == 0 {
                stream += 1
                Self.subscribe(&broker, stream)
            }
            broker.advance(by: .seconds(1))
            tokens += broker.takeTokens().filter { $0.sequence == 1 }
            guard let last = tokens.last else { continue }
            switch way % 6 {
            case 0: broker.step(.end(StreamID(stream), .lost))
            case 1:
                broker.settle(
                    stream, 1, attempt: last.attempt, turn: last.turn, .reject(Self.fault))
            case 2: broker.operate(.retry([1]))
            case 3: try broker.restart()
            case 4: broker.ack(stream, 1, attempt: last.attempt, turn: last.turn)
            default: broker.operate(way.isMultiple(of: 2) ? .replay([1...2]) : .reset(.first))
            }
        }
        tokens += broker.takeTokens().filter { $0.sequence == 1 }
        #expect(tokens.count > 15)
        let grows = zip(tokens, tokens.dropFirst()).allSatisfy {
            ($0.turn, $0.attempt) < ($1.turn, $1.attempt)
        }
        #expect(grows, "\(tokens)")
        #expect(try broker.replay().hash == broker.engine.durable.hash)
    }
}
