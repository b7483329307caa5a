import BaridEngine
import Testing

/// A shell around the engine for tests: a log in memory, a clock moved by hand.
struct Broker: ~Copyable {
    struct Logged {
        var kind: UInt8
        var payload: [UInt8]
        var wall: Int64
    }

    var engine: Engine
    var log: [Logged] = []
    var now = Instant(monotonic: 1_000_000_000, wall: 1_700_000_000_000_000_000)
    /// What the shell would have sent, in order.
    var out: [Action] = []
    var failsFetches = false
    /// Deliveries leave when ``leave()`` says so, not at once.
    var holdsDeliveries = false

    init(_ configuration: EngineConfiguration = .init()) {
        engine = Engine(configuration: configuration)
        var actions: [Action] = []
        engine.open(key: HashKey(low: 7, high: 11), at: now, into: &actions)
        obey(&actions)
    }

    /// Starts again on what a crash left: the first `count` records of the log.
    mutating func restart(keeping count: Int? = nil) throws {
        if let count { log.removeLast(log.count - count) }
        let configuration = engine.configuration
        engine = Engine(configuration: configuration, durable: try replay())
        now.monotonic += 5_000_000
        now.wall += 5_000_000
        var actions: [Action] = []
        engine.open(key: HashKey(low: 99, high: 99), at: now, into: &actions)
        out = []
        obey(&actions)
    }

    func replay() throws -> Durable {
        var durable = Durable()
        for (index, logged) in log.enumerated() {
            try durable.apply(
                Record(kind: logged.kind, payload: logged.payload[...]),
                position: UInt64(index + 1), wall: logged.wall)
        }
        return durable
    }

    mutating func step(_ input: Input) {
        var actions: [Action] = []
        engine.step(input, at: now, into: &actions)
        obey(&actions)
    }

    /// Moves both clocks, ticking whenever the engine wants it.
    mutating func advance(by duration: Duration) {
        let end = now.monotonic + duration.nanoseconds
        while let wake = engine.nextWake, wake <= end {
            let moved = max(wake, now.monotonic) - now.monotonic
            now.monotonic += moved
            now.wall += moved
            step(.tick)
        }
        now.wall += end - now.monotonic
        now.monotonic = end
    }

    private mutating func obey(_ actions: inout [Action]) {
        var index = 0
        while index < actions.count {
            switch actions[index] {
            case .append(let record):
                log.append(
                    Logged(
                        kind: record.kind.rawValue, payload: Array(record.encode().joined()),
                        wall: engine.recordedWall))
            case .fetch(let fetch):
                let (group, answer) = read(fetch)
                engine.step(.fetched(group, answer), at: now, into: &actions)
            default:
                out.append(actions[index])
            }
            index += 1
        }
        if !holdsDeliveries { leave() }
    }

    /// Everything that was to be delivered leaves.
    mutating func leave() {
        var grants: [Grant] = []
        engine.takeGrants(into: &grants)
        var actions: [Action] = []
        engine.step(.sent(grants), at: now, into: &actions)
    }

    private func read(_ fetch: Fetch) -> (GroupID, Fetched) {
        switch fetch {
        case .event(let group, _, let sequence, let position):
            guard !failsFetches else { return (group, .failed(sequence: sequence)) }
            let found = events(at: position).first { $0.sequence == sequence }
            return (group, found.map { .event($0) } ?? .failed(sequence: sequence))
        case .scan(let group, _, let sequences, let start, let maximum, _):
            guard !failsFetches else { return (group, .failed(sequence: nil)) }
            var found: [FetchedEvent] = []
            var position = start
            var next = sequences.lowerBound
            while next <= sequences.upperBound, position <= UInt64(log.count),
                found.count < maximum
            {
                let block = events(at: position).filter { sequences.contains($0.sequence) }
                found += block
                next = (block.last?.sequence).map { $0 + 1 } ?? next
                position += 1
            }
            return (
                group, .scan(events: found, nextSequence: next, nextPosition: position)
            )
        }
    }

    func events(at position: UInt64) -> [FetchedEvent] {
        let logged = log[Int(position - 1)]
        guard
            let block = try? Record.events(kind: logged.kind, payload: logged.payload[...])
        else { return [] }
        return block.events.enumerated().map {
            FetchedEvent(
                sequence: block.firstSequence + UInt64($0.offset), position: position,
                bytes: $0.element.bytes)
        }
    }

    // MARK: Shorthand

    mutating func publish(
        _ events: ArraySlice<UInt8>..., topic: String = "articles", stream: UInt64 = 1
    ) {
        step(.publish(StreamID(stream), topic: topic, events: events))
    }

    mutating func subscribe(
        _ stream: UInt64, group: String = "work", types: [String] = [],
        attributes: [AttributeFilter] = [], start: SubscriptionRequest.Start = .first,
        credit: UInt32 = 1_000, lease: Duration = .zero, worker: String = "worker",
        knowsTurns: Bool = false
    ) {
        step(
            .subscribe(
                StreamID(stream),
                SubscriptionRequest(
                    topic: "articles", group: group, types: types, attributes: attributes,
                    start: start, lease: lease, worker: worker, session: "s\(stream)",
                    knowsTurns: knowsTurns)))
        step(.credit(StreamID(stream), messages: credit, bytes: 1 << 30))
    }

    mutating func ack(
        _ stream: UInt64, _ sequence: UInt64, attempt: UInt32 = 1, turn: UInt64 = 0
    ) {
        step(
            .settle(
                StreamID(stream),
                SettleRequest(
                    number: 1,
                    acks: [.init(first: sequence, count: 1, attempt: attempt, turn: turn)])))
    }

    mutating func settle(
        _ stream: UInt64, _ sequence: UInt64, attempt: UInt32 = 1, turn: UInt64 = 0,
        _ outcome: SettleRequest.Outcome
    ) {
        step(
            .settle(
                StreamID(stream),
                SettleRequest(
                    number: 1,
                    settlements: [
                        .init(sequence: sequence, attempt: attempt, turn: turn, outcome: outcome)
                    ])))
    }

    mutating func operate(_ operation: GroupOperation, group: String = "work") {
        step(.operate(ticket: 7, topic: "articles", group: group, operation))
    }

    /// Takes the answers to operators since the last call; a refusal is none.
    mutating func takeOperated() -> [GroupOperated] {
        takeOut().compactMap {
            guard case .operated(_, .success(let result)) = $0 else { return nil }
            return result
        }
    }

    /// Takes what was sent since the last call.
    mutating func takeOut() -> [Action] {
        defer { out = [] }
        return out
    }

    /// Takes the deliveries sent since the last call, as (stream, sequence, attempt).
    mutating func takeDeliveries() -> [Handed] {
        takeOut().compactMap {
            guard case .deliver(let stream, let delivery) = $0 else { return nil }
            return Handed(stream.number, delivery.sequence, delivery.attempt)
        }
    }

    /// Takes the tokens of the deliveries sent since the last call.
    mutating func takeTokens() -> [Token] {
        takeOut().compactMap {
            guard case .deliver(let stream, let delivery) = $0 else { return nil }
            return Token(
                stream: stream.number, sequence: delivery.sequence, turn: delivery.turn,
                attempt: delivery.attempt)
        }
    }

    mutating func takeReceipts() -> [Receipt] {
        takeOut().flatMap { action -> [Receipt] in
            guard case .receipts(_, let receipts) = action else { return [] }
            return receipts
        }
    }

    mutating func takeRefusals() -> [BusFault] {
        takeOut().compactMap {
            switch $0 {
            case .settleRefused(_, _, _, _, let fault), .end(_, let fault): fault
            default: nil
            }
        }
    }

    func group(_ index: Int = 0) -> DurableGroup { engine.durable.groups[index] }

    var kinds: [RecordKind] { log.compactMap { RecordKind(rawValue: $0.kind) } }
}

/// Under what a stream was given an event.
struct Token: Hashable {
    var stream: UInt64
    var sequence: UInt64
    var turn: UInt64
    var attempt: UInt32
}

struct Handed: Equatable {
    var stream: UInt64
    var sequence: UInt64
    var attempt: UInt32

    init(_ stream: UInt64, _ sequence: UInt64, _ attempt: UInt32 = 1) {
        self.stream = stream
        self.sequence = sequence
        self.attempt = attempt
    }
}
