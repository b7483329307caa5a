@testable import BaridEngine

/// A dialog of publishers, workers and operators, of any length and in any order: the engine
/// neither traps nor gives out what it does not have, and its log gives its state again.
enum EngineTarget: FuzzTarget {
    static let name = "engine"

    static func take(_ bytes: [UInt8]) {
        var input = Decisions(bytes)
        var world = Dialog()
        var steps = 0
        while !input.isOver, steps < 400 {
            steps += 1
            world.act(&input)
        }
        world.check()
    }

    private struct Dialog: ~Copyable {
        var engine: Engine
        var records: [(kind: UInt8, payload: [UInt8], wall: Int64)] = []
        var now = Instant(monotonic: 1_000_000_000, wall: 1_700_000_000_000_000_000)
        var held: Set<[UInt64]> = []
        var number = 0

        init() {
            var configuration = EngineConfiguration()
            configuration.maximumDeliveries = 2
            configuration.maximumReleases = 2
            configuration.backoff = [.milliseconds(10)]
            configuration.identities = 8
            configuration.maximumWindow = 4
            configuration.fetchEvents = 2
            engine = Engine(configuration: configuration)
            var actions: [Action] = []
            engine.open(key: HashKey(low: 1, high: 2), at: now, into: &actions)
            obey(actions)
        }

        mutating func act(_ input: inout Decisions) {
            let stream = StreamID(UInt64(10 + input.below(3)))
            let sequence = UInt64(input.below(12))
            let attempt = UInt32(input.below(4))
            switch input.below(12) {
            case 0, 1:
                number += 1
                let id = input.below(4) == 0 ? 1 : number
                step(.publish(StreamID(1), topic: "t", events: [event(id, key: input.below(3))]))
            case 2:
                step(
                    .subscribe(
                        stream,
                        SubscriptionRequest(
                            topic: "t", group: "g\(input.below(2))", lease: .milliseconds(100))))
            case 3: step(.credit(stream, messages: UInt32(input.below(4)), bytes: 1 << 20))
            case 4, 5:
                let ack = SettleRequest.AckRange(
                    first: sequence, count: UInt32(1 + input.below(4)), attempt: attempt)
                let acks = input.below(3) == 0 ? [ack, ack] : [ack]
                step(.settle(stream, SettleRequest(number: 1, acks: acks)))
            case 6, 7:
                step(
                    .settle(
                        stream,
                        SettleRequest(
                            number: 2,
                            settlements: (0..<1 + input.below(2)).map { _ in
                                .init(
                                    sequence: sequence, attempt: attempt,
                                    outcome: outcome(&input))
                            })))
            case 8: step(.end(stream, input.below(2) == 0 ? .left : .lost))
            case 9:
                let moved = Int64(input.number()) * 100_000
                now.monotonic += moved
                now.wall += moved
                step(.tick)
            case 10:
                step(.commit)
                var grants: [Grant] = []
                engine.takeGrants(into: &grants)
                step(.sent(grants))
            default: operate(&input, sequence)
            }
        }

        private func outcome(_ input: inout Decisions) -> SettleRequest.Outcome {
            let fault = BusFault(code: .unknown, reason: "F", message: "")
            switch input.below(5) {
            case 0:
                return .ack(outputs: [event(1_000 + input.below(20), key: input.below(3))])
            case 1: return .nack(delay: .zero, fault)
            case 2: return .reject(fault)
            case 3: return .extend(.milliseconds(50))
            default: return .release(pause: .zero, fault)
            }
        }

        private mutating func operate(_ input: inout Decisions, _ sequence: UInt64) {
            let operation: GroupOperation
            switch input.below(5) {
            case 0: operation = .pause
            case 1: operation = .resume
            case 2: operation = .reset(.sequence(max(1, sequence)))
            case 3: operation = .replay([sequence...sequence + UInt64(input.below(5))])
            default: operation = .retry([sequence])
            }
            step(.operate(ticket: 1, topic: "t", group: "g\(input.below(2))", operation))
        }

        private func event(_ id: Int, key: Int) -> ArraySlice<UInt8> {
            var bytes: [UInt8] = []
            for (field, text) in [
                (1, "\(id)"), (2, "s"), (3, "t.v1"), (4, key == 0 ? "" : "k\(key)"),
            ]
            where !text.isEmpty {
                bytes += [UInt8(field << 3 | 2), UInt8(text.utf8.count)] + Array(text.utf8)
            }
            return bytes[...]
        }

        private mutating func step(_ input: Input) {
            var actions: [Action] = []
            engine.step(input, at: now, into: &actions)
            obey(actions)
        }

        private mutating func obey(_ first: [Action]) {
            var waiting = first
            while !waiting.isEmpty {
                var fetches: [Fetch] = []
                for action in waiting {
                    switch action {
                    case .append(let record):
                        records.append(
                            (
                                record.kind.rawValue,
                                record.encode().reduce(into: [UInt8]()) { $0 += $1 },
                                engine.recordedWall
                            ))
                    case .deliver(_, let delivery):
                        expect(delivery.sequence > 0, "a delivery of nothing")
                        expect(!delivery.bytes.isEmpty, "a delivery without an event")
                    case .fetch(let fetch): fetches.append(fetch)
                    default: break
                    }
                }
                waiting = []
                for fetch in fetches {
                    let (group, fetched) = read(fetch)
                    engine.step(.fetched(group, fetched), at: now, into: &waiting)
                }
            }
        }

        private func read(_ fetch: Fetch) -> (GroupID, Fetched) {
            switch fetch {
            case .event(let group, _, let sequence, let position):
                let found = events(at: position).first { $0.sequence == sequence }
                return (group, found.map { .event($0) } ?? .failed(sequence: sequence))
            case .scan(let group, _, let sequences, let start, let count, _):
                var found: [FetchedEvent] = []
                var position = start
                var next = sequences.lowerBound
                while position <= UInt64(records.count), next <= sequences.upperBound,
                    found.count < count
                {
                    for event in events(at: position)
                    where sequences.contains(event.sequence) && event.sequence >= next {
                        found.append(event)
                        next = event.sequence + 1
                    }
                    position += 1
                }
                return (group, .scan(events: found, nextSequence: next, nextPosition: position))
            }
        }

        private func events(at position: UInt64) -> [FetchedEvent] {
            guard position > 0, position <= UInt64(records.count) else { return [] }
            let record = records[Int(position) - 1]
            guard let block = try? Record.events(kind: record.kind, payload: record.payload[...])
            else { return [] }
            return block.events.enumerated().map {
                FetchedEvent(
                    sequence: block.firstSequence + UInt64($0.offset), position: position,
                    bytes: $0.element.bytes)
            }
        }

        /// The log gives the state again.
        func check() {
            var durable = Durable()
            for (index, record) in records.enumerated() {
                guard let read = try? Record(kind: record.kind, payload: record.payload[...]),
                    (try? durable.apply(read, position: UInt64(index + 1), wall: record.wall))
                        != nil
                else { return expect(false, "record \(index + 1) does not apply") }
            }
            expect(durable.hash == engine.durable.hash, "the log gives another state")
        }
    }
}
