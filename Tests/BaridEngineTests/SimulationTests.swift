import TestSupport
import Testing

@testable import BaridEngine

/// Seeded runs of publishers, workers and crashes against the engine and a log in memory.
struct SimulationTests {
    /// Seeds print with a failure, and give the same run again.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func everyEventIsSettledOnceAndInOrder(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<250 { try world.act() }
        try world.finish()
    }
}

/// One run: a broker, workers of two groups, and what a correct broker has to have done.
private struct World: ~Copyable {
    struct Lease: Hashable {
        var group: Int
        var sequence: UInt64
    }

    struct Held {
        var stream: UInt64
        var attempt: UInt32
        var key: String
    }

    var broker: Broker
    var random: SeededGenerator
    var nextStream: UInt64 = 100
    /// Group of each live subscription.
    var workers: [UInt64: Int] = [:]
    var held: [Lease: Held] = [:]
    /// The keys of acknowledged publishes by sequence.
    var stored: [UInt64: String] = [:]
    /// Highest settled-or-buried sequence per group and key: what follows must be higher.
    var lastDone: [String: UInt64] = [:]
    var settled: Set<Lease> = []
    /// What was made due again: it comes behind what of its key is in the window already.
    var again: Set<Lease> = []
    var attempts: [Lease: UInt32] = [:]
    var number = 0

    init(seed: UInt64) {
        var configuration = EngineConfiguration()
        configuration.maximumDeliveries = 3
        configuration.maximumReleases = 1_000
        configuration.backoff = [.milliseconds(100), .milliseconds(400)]
        configuration.identities = 64
        configuration.fetchEvents = 5
        configuration.maximumWindow = 12
        broker = Broker(configuration)
        random = SeededGenerator(seed: seed)
        for group in ["a", "b"] {
            let types = group == "a" ? [] : ["even.>"]
            broker.step(
                .createGroup(
                    ticket: 0,
                    SubscriptionRequest(topic: "articles", group: group, types: types)))
        }
        observe()
    }

    mutating func act() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: publish()
        case 30..<38: join()
        case 38..<75: settle()
        case 75..<79: leave()
        case 79..<93:
            broker.advance(by: .milliseconds(Int.random(in: 1...300, using: &random)))
        case 93..<95: operate(Bool.random(using: &random) ? .pause : .resume)
        case 95: replay()
        case 96: retry()
        case 97: broker.step(.commit)
        case 98 where Int.random(in: 0..<4, using: &random) == 0: reset()
        default: try crash()
        }
        observe()
    }

    private mutating func publish() {
        var events: [ArraySlice<UInt8>] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            // Sometimes an old one comes again.
            let repeated = number > 0 && Int.random(in: 0..<5, using: &random) == 0
            let id =
                repeated ? Int.random(in: max(0, number - 20)..<number, using: &random) : number
            if !repeated { number += 1 }
            let type = id.isMultiple(of: 2) ? "even.v1" : "odd.v1"
            events.append(EventBytes.make(id: "\(id)", type: type, subject: "k\(id % 3)"))
        }
        broker.step(.publish(StreamID(1), topic: "articles", events: events))
    }

    private mutating func join() {
        guard workers.count < 5 else { return }
        let group = Int.random(in: 0...1, using: &random)
        nextStream += 1
        workers[nextStream] = group
        broker.subscribe(
            nextStream, group: group == 0 ? "a" : "b",
            credit: UInt32.random(in: 1...6, using: &random), lease: .seconds(1))
    }

    private mutating func leave() {
        guard let stream = workers.keys.sorted().randomElement(using: &random) else { return }
        let lost = Bool.random(using: &random)
        let leases = held.filter { $0.value.stream == stream }.map(\.key)
        // Of several that a lost worker held, no attempt happened.
        if lost, leases.count > 1 { for lease in leases { attempts[lease, default: 1] -= 1 } }
        workers[stream] = nil
        held = held.filter { $0.value.stream != stream }
        broker.step(.end(StreamID(stream), lost ? .lost : .left))
    }

    private mutating func operate(_ operation: GroupOperation) {
        let group = Int.random(in: 0...1, using: &random)
        broker.operate(operation, group: group == 0 ? "a" : "b")
    }

    /// What is made due again may come once more, from its first attempt on.
    private mutating func replay() {
        let group = Int.random(in: 0...1, using: &random)
        let next = broker.engine.durable.topics.first?.next ?? 1
        let first = UInt64.random(in: 1...next, using: &random)
        let before = broker.group(group).again.sequences
        broker.operate(
            .replay([first...first + UInt64.random(in: 0...9, using: &random)]),
            group: group == 0 ? "a" : "b")
        forget(group, isDueAgain(group, before: before))
    }

    private mutating func retry() {
        let group = Int.random(in: 0...1, using: &random)
        let letters = broker.group(group).deadLetters.map(\.sequence)
        guard let letter = letters.randomElement(using: &random) else { return }
        let before = broker.group(group).again.sequences
        broker.operate(.retry([letter]), group: group == 0 ? "a" : "b")
        forget(group, isDueAgain(group, before: before))
    }

    private func isDueAgain(_ group: Int, before: SequenceSet) -> [UInt64] {
        var now = broker.group(group).again.sequences
        for range in before.ranges { now.remove(range) }
        return now.ranges.flatMap { Array($0) }
    }

    private mutating func forget(_ group: Int, _ sequences: some Sequence<UInt64>) {
        for sequence in sequences {
            let lease = Lease(group: group, sequence: sequence)
            settled.remove(lease)
            attempts[lease] = nil
            again.insert(lease)
        }
    }

    /// A reset to a place at or before the floor: nothing is passed over.
    private mutating func reset() {
        let group = Int.random(in: 0...1, using: &random)
        let start = UInt64.random(in: 1...broker.group(group).floor + 1, using: &random)
        broker.operate(.reset(.sequence(start)), group: group == 0 ? "a" : "b")
        for (stream, member) in workers where member == group { workers[stream] = nil }
        held = held.filter { $0.key.group != group }
        for ordered in lastDone.keys where ordered.hasPrefix("\(group)/") {
            lastDone[ordered] = nil
        }
        // What was due again below the start is done by the reset.
        let buried = Set(broker.group(group).deadLetters.map(\.sequence))
        // Outputs of acks are among them, which no receipt tells of.
        for sequence in 1..<(broker.engine.durable.topics.first?.next ?? 1) {
            let lease = Lease(group: group, sequence: sequence)
            attempts[lease] = nil
            again.remove(lease)
            if sequence >= start {
                settled.remove(lease)
            } else if !buried.contains(sequence) {
                settled.insert(lease)
            }
        }
    }

    private mutating func settle() {
        let leases = held.keys.sorted { ($0.group, $0.sequence) < ($1.group, $1.sequence) }
        guard let lease = leases.randomElement(using: &random), let holder = held[lease] else {
            return
        }
        let fault = BusFault(code: .unknown, reason: "TEST", message: "")
        let outcome: SettleRequest.Outcome
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<13: outcome = .ack(outputs: [])
        case 13..<16: outcome = .nack(delay: .zero, fault)
        case 16: outcome = .reject(fault)
        case 17: outcome = .extend(.zero)
        case 18: outcome = .release(pause: .zero, fault)
        default:
            number += 1
            outcome = .ack(outputs: [
                EventBytes.make(id: "out\(number)", type: "odd.v1", subject: "k\(number % 3)")
            ])
        }
        if case .extend = outcome {} else { held[lease] = nil }
        if case .ack = outcome {
            #expect(settled.insert(lease).inserted, "\(lease) settled twice")
        }
        broker.settle(holder.stream, lease.sequence, attempt: holder.attempt, outcome)
        broker.step(.credit(StreamID(holder.stream), messages: 1, bytes: 0))
    }

    private mutating func crash() throws {
        #expect(try broker.replay().hash == broker.engine.durable.hash)
        if Bool.random(using: &random) {
            // What was appended and not committed is lost, and nothing of it got out.
            var lost: [Action] = []
            broker.engine.step(
                .publish(
                    StreamID(1), topic: "articles", events: [EventBytes.make(id: "lost")]),
                at: broker.now, into: &lost)
        }
        try broker.restart()
        // A first delivery is recorded by the next commit only, and nothing waits for that.
        attempts = attempts.filter { $0.value > 1 }
        workers = [:]
        held = [:]
    }

    /// Checks what the broker sent.
    private mutating func observe() {
        expireLeases()
        for action in broker.takeOut() {
            switch action {
            case .deliver(let stream, let delivery):
                check(stream.number, delivery)
            case .settleRefused(_, _, _, _, let fault):
                // A lease may have run out while the worker settled; nothing else.
                #expect(fault.reason == "STALE_LEASE")
            case .receipts(_, let receipts):
                for receipt in receipts where receipt.fault == nil && !receipt.duplicate {
                    for offset in 0..<UInt64(receipt.count) {
                        stored[receipt.firstSequence + offset] = ""
                    }
                }
            case .append, .started, .settled, .end, .fetch, .groupCreated, .operated:
                break
            }
        }
    }

    /// What the broker's own records say was taken back is held by nobody.
    private mutating func expireLeases() {
        for (lease, holder) in held {
            let group = broker.engine.durable.groups[lease.group]
            let ended = (group.attempts[lease.sequence]?.failures ?? [])
                .contains { $0.attempt == holder.attempt }
            let buried = group.deadLetters.contains { $0.sequence == lease.sequence }
            if ended || buried { held[lease] = nil }
        }
    }

    private mutating func check(_ stream: UInt64, _ delivery: Delivery) {
        guard let group = workers[stream] else {
            Issue.record("a delivery to nobody")
            return
        }
        let lease = Lease(group: group, sequence: delivery.sequence)
        #expect(held[lease] == nil, "\(lease) is held twice")
        #expect(!settled.contains(lease), "\(lease) came after it was settled")
        #expect(delivery.attempt > attempts[lease, default: 0], "attempts only grow")
        attempts[lease] = delivery.attempt
        guard let scan = try? RoutingScan(delivery.bytes) else {
            Issue.record("no event")
            return
        }
        let bytes = Array(delivery.bytes)
        let key = String(decoding: bytes[scan.key], as: UTF8.self)
        #expect(
            !held.contains { $0.key.group == group && $0.value.key == key },
            "two of key \(key) are out")
        let ordered = "\(group)/\(key)"
        if !again.contains(lease) {
            #expect(delivery.sequence >= lastDone[ordered, default: 0], "key \(key) went back")
            lastDone[ordered] = delivery.sequence
        }
        if group == 1 {
            #expect(bytes[scan.type].starts(with: Array("even.".utf8)))
        }
        let state = broker.engine.durable.groups[group]
        let others = held.filter { $0.key.group == group && $0.value.stream == stream }
        if state.attempts[delivery.sequence]?.isSuspect == true {
            #expect(others.isEmpty, "suspect \(lease) is not alone")
        }
        #expect(
            !others.contains { state.attempts[$0.key.sequence]?.isSuspect == true },
            "\(lease) went to a worker that has a suspect")
        held[lease] = Held(stream: stream, attempt: delivery.attempt, key: key)
    }

    /// Workers that only ack drain everything; then each publish is settled or a dead letter.
    mutating func finish() throws {
        for stream in workers.keys.sorted() {
            workers[stream] = nil
            held = held.filter { $0.value.stream != stream }
            broker.step(.end(StreamID(stream), .left))
            observe()
        }
        for group in ["a", "b"] { broker.operate(.resume, group: group) }
        workers = [1_000_000: 0, 1_000_001: 1]
        for (stream, group) in workers.sorted(by: { $0.key < $1.key }) {
            broker.subscribe(stream, group: group == 0 ? "a" : "b", credit: 60_000)
        }
        for _ in 0..<2_000 {
            observe()
            guard !held.isEmpty else {
                let done = broker.engine.durable.groups.allSatisfy {
                    $0.floor == broker.engine.durable.topics[0].next - 1 && $0.again.isEmpty
                }
                if done { break }
                broker.advance(by: .seconds(1))
                continue
            }
            for (lease, holder) in held.sorted(by: { $0.key.sequence < $1.key.sequence }) {
                held[lease] = nil
                settled.insert(lease)
                broker.ack(holder.stream, lease.sequence, attempt: holder.attempt)
            }
        }
        let durable = broker.engine.durable
        for (index, group) in durable.groups.enumerated() {
            #expect(group.floor == durable.topics[0].next - 1, "group \(index) is stuck")
            #expect(group.attempts.isEmpty && group.settled.isEmpty && group.again.isEmpty)
        }
        let buried = Set(durable.groups[0].deadLetters.map(\.sequence))
        for sequence in stored.keys {
            let acked = settled.contains(Lease(group: 0, sequence: sequence))
            #expect(acked != buried.contains(sequence), "event \(sequence): acked \(acked)")
        }
        #expect(try broker.replay().hash == durable.hash)
    }
}
