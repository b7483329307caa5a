internal import BaridBroker
internal import BaridEngine
internal import BaridProof
internal import BaridSchema
internal import SwiftProtobuf

/// A worker of one group that acks, emits, nacks, rejects, releases, extends, dies, stands still
/// beyond its lease, and at times settles what it does not hold.
final class Worker: LinkClient {
    /// A delivery in its hands.
    struct Held {
        var event: SimulatedEvent
        var sequence: UInt64
        var attempt: UInt32
        var turn: UInt64
        var replay: UInt64
        var life: UInt64
        var epoch: UInt64
        var session: String
    }

    /// What is to be settled, and how.
    struct Settling {
        var held: Held
        var how: HistoryEntry.Settlement
        var outputs: [SimulatedEvent] = []
        var delay: Int64 = 0
    }

    let name: String
    let group: String
    private let types: [String]
    private let topic: String
    private let world: World
    private var chance: Chance
    private var link: Link?
    private var sessions = 0
    private var session = ""
    private var epoch: UInt64 = 0
    private var credit = 0
    private var held: [Held] = []
    /// Of the session before: their acks come too late.
    private var ghosts: [Held] = []
    private var settling: [Settling] = []
    private var pending: [(number: UInt64, settlements: [Settling])] = []
    private var lastNumber: UInt64 = 0
    private var pausedUntil: Int64 = 0
    private var inbox: [(message: [UInt8], link: Link, sent: Int64)] = []
    private var isFlushing = false

    init(number: Int, group: World.Group, world: World) {
        name = "worker-\(number)"
        self.group = group.name
        types = group.types
        topic = group.topic
        self.world = world
        chance = Chance(seed: world.seed ^ UInt64(0x5EED + number * 104_729))
    }

    func begin() { plan() }

    /// Nothing is in its hands.
    var isIdle: Bool { held.isEmpty && pending.isEmpty && settling.isEmpty }

    private func plan() {
        world.timeline.after(chance.between(.milliseconds(10), .milliseconds(300))) { [self] in
            if link == nil { connect() }
            plan()
        }
    }

    private func connect() {
        guard world.host.core != nil, world.isCreated(group), world.timeline.now >= pausedUntil
        else { return }
        let link = world.connect(self)
        self.link = link
        sessions += 1
        session = "\(name)/\(sessions)"
        lastNumber = 0
        credit = world.isHealed ? 50 : 1 + chance.below(8)
        let stream = SimulatedStream(link, mutant: world.mutant)
        let (world, group) = (world, group)
        link.currentLife = { world.life(of: group) }
        // The group may be deleted before it arrives, and is then made by it.
        let request = SubscriptionRequest(
            topic: topic, group: group, types: types, lease: .nanoseconds(world.plan.lease),
            worker: name,
            session: session, knowsTurns: true)
        let (id, messages) = (link.id, UInt32(credit))
        link.toBroker { core in
            core.openSubscriber(id, session: id.number, stream)
            core.request(id, .subscribe(id, request))
            core.request(id, .credit(id, messages: messages, bytes: 1 << 20))
        }
    }

    // MARK: LinkClient

    func received(_ message: [UInt8], on link: Link, sent: Int64) {
        guard link === self.link else { return }
        inbox.append((message, link, sent))
        readInbox()
    }

    private func readInbox() {
        guard world.timeline.now >= pausedUntil else { return }
        let messages = inbox
        inbox = []
        for item in messages where item.link === link { read(item.message, sent: item.sent) }
    }

    private func read(_ message: [UInt8], sent: Int64) {
        guard let response = try? Barid_Bus_V1_SubscribeResponse(serializedBytes: message) else {
            world.recorder.fail("protocol", "\(name) cannot read a response")
            return
        }
        if response.hasStarted {
            epoch = response.started.epoch
            haunt()
        }
        for (index, bytes) in response.events.enumerated() {
            guard index < response.sequences.count else {
                world.recorder.fail("protocol", "\(name) got an event without a sequence")
                return
            }
            take(
                bytes: Array(bytes), sequence: response.sequences[index],
                attempt: index < response.attempts.count ? response.attempts[index] : 1,
                turn: index < response.turns.count ? response.turns[index] : 0,
                replay: index < response.replays.count ? UInt64(response.replays[index]) : 0,
                life: link?.life ?? 0, sent: sent)
        }
        if response.settled > 0 {
            settled(response.settled, refused: response.errors)
        } else if !response.errors.isEmpty {
            // They come with the number they belong to; keep the order all the same.
            settled(pending.first?.number ?? 0, refused: response.errors)
        }
    }

    func ended(_ link: Link) { lost(link, from: world.timeline.now) }

    func lost(_ link: Link, from: Int64) {
        guard link === self.link else { return }
        endSession(from: from, isDead: false)
    }

    private func endSession(from: Int64, isDead: Bool) {
        world.recorder.add(.sessionEnd, name) {
            $0.session = session
            $0.from = from
        }
        link?.forgetClient()
        link = nil
        inbox = []
        if !isDead {
            for request in pending { for item in request.settlements { note(item, .ackUnknown) } }
            ghosts = held.filter { _ in chance.percent(30) }
        }
        pending = []
        settling = []
        held = []
    }

    // MARK: Faults

    /// The network fails under it.
    func cut() {
        link?.cut(
            brokerKnowsAfter: chance.between(0, .seconds(2)),
            clientKnowsAfter: chance.between(0, .seconds(2)))
    }

    /// It stands still.
    func pause(_ length: Int64) {
        pausedUntil = world.timeline.now + length
        world.timeline.after(length) { [self] in
            readInbox()
            flushSoon()
        }
    }

    /// Its process dies: the broker comes to know it by the session.
    private func die() {
        guard let link else { return }
        world.recorder.say("\(name) dies")
        link.cut(brokerKnowsAfter: chance.between(0, .milliseconds(500)), clientKnowsAfter: 0)
        endSession(from: world.timeline.now, isDead: true)
    }

    /// It leaves in good order, with work in its hands.
    private func leave() {
        guard let link else { return }
        let id = link.id
        link.toBroker { core in core.halfClose(id) }
        endSession(from: world.timeline.now, isDead: false)
        link.forgetClient()
    }

    /// What it held in its last session is settled on the new one, its work done: under the same
    /// attempt it may be out to this worker again, and only the turn tells.
    private func haunt() {
        for ghost in ghosts {
            apply(ghost)
            var late = ghost
            late.session = session
            settling.append(Settling(held: late, how: .ack))
        }
        ghosts = []
        flushSoon()
    }

    // MARK: Deliveries

    private func take(
        bytes: [UInt8], sequence: UInt64, attempt: UInt32, turn: UInt64, replay: UInt64,
        life: UInt64, sent: Int64
    ) {
        guard let wire = try? Barid_Bus_V1_Event(serializedBytes: bytes) else {
            world.recorder.fail("protocol", "\(name) cannot read an event")
            return
        }
        let event = world.event(wire, topic: topic)
        let one = Held(
            event: event, sequence: sequence, attempt: attempt, turn: turn, replay: replay,
            life: life, epoch: epoch, session: session)
        if world.pauses[group]?.forbids(sent) ?? false {
            world.recorder.fail("pause", "\(event.name) went out while \(group) was paused")
        }
        credit -= 1
        if credit < 0 {
            world.recorder.add(.sample, name) {
                $0.name = "deliveries_over_credit"
                $0.value = Int64(-credit)
            }
        }
        world.recorder.add(.deliver, name) {
            fill(&$0, one)
            $0.hash = event.hash
            $0.key = event.key
            $0.offset = sequence
            $0.lease = world.plan.lease
            $0.sent = sent
        }
        held.append(one)
        world.timeline.after(chance.between(0, .milliseconds(30))) { [self] in work(on: one) }
    }

    private func isHeld(_ one: Held) -> Bool {
        held.contains {
            $0.sequence == one.sequence && $0.attempt == one.attempt && $0.turn == one.turn
                && $0.session == one.session
        }
    }

    private func work(on one: Held) {
        guard isHeld(one) else { return }
        guard world.timeline.now >= pausedUntil else {
            world.timeline.after(pausedUntil - world.timeline.now) { [self] in work(on: one) }
            return
        }
        guard !world.isHealed else { return settle(one, .ack) }
        if one.event.isPoison, chance.percent(80) { return die() }
        switch chance.below(100) {
        case 0..<66: settle(one, .ack)
        case 66..<74:
            let outputs =
                group == "index" && !one.event.type.hasPrefix("out.")
                ? emitted(by: one, count: 1 + chance.below(2)) : []
            settle(one, .ack, outputs: outputs)
        case 74..<80:
            settle(
                one, .nack, delay: chance.percent(50) ? 0 : chance.between(1, .milliseconds(300)))
        case 80..<82: settle(one, .reject)
        case 82..<86:
            settle(one, .release, delay: chance.percent(70) ? 0 : .milliseconds(100))
        case 86..<91:
            settle(one, .extend)
            world.timeline.after(world.plan.lease * 3 / 4) { [self] in
                if isHeld(one) { settle(one, .ack) }
            }
        case 91..<95:
            // Slow: it comes too late.
            world.timeline.after(world.plan.lease + .milliseconds(50)) { [self] in
                if isHeld(one) { settle(one, .ack) }
            }
        case 95: die()
        case 96:
            apply(one)
            die()
        case 97: leave()
        case 98:
            // It acks twice.
            settle(one, .ack)
            settling.append(Settling(held: one, how: .ack))
        default:
            // It settles under a token that nobody has.
            var wrong = one
            wrong.attempt += 1
            settling.append(Settling(held: wrong, how: chance.percent(50) ? .ack : .nack))
            settle(one, .ack)
        }
    }

    private func emitted(by one: Held, count: Int) -> [SimulatedEvent] {
        (0..<count).map { index in
            SimulatedEvent(
                id: "\(one.event.id)>\(index)" + (one.replay > 0 ? "#\(one.replay)" : ""),
                topic: topic, type: "out.v1", key: one.event.key,
                data: "out of \(one.event.name) \(index)", revision: one.event.revision)
        }
    }

    private func apply(_ one: Held) {
        guard group == "index" else { return }
        let row = one.event.key.isEmpty ? one.event.name : one.event.key
        guard
            world.index.apply(
                one.event.name, revision: one.event.revision, row: row, replay: one.replay)
        else { return }
        world.recorder.add(.effect, name) {
            $0.event = one.event.name
            $0.group = group
            $0.key = row
            $0.replay = one.replay
            $0.life = one.life
        }
    }

    // MARK: Settling

    private func settle(
        _ one: Held, _ how: HistoryEntry.Settlement, outputs: [SimulatedEvent] = [],
        delay: Int64 = 0
    ) {
        if how == .ack { apply(one) }
        if how != .extend {
            held.removeAll {
                $0.sequence == one.sequence && $0.attempt == one.attempt && $0.turn == one.turn
            }
        }
        settling.append(Settling(held: one, how: how, outputs: outputs, delay: delay))
        flushSoon()
    }

    private func flushSoon() {
        guard !isFlushing else { return }
        isFlushing = true
        world.timeline.after(chance.between(0, .milliseconds(5))) { [self] in
            isFlushing = false
            flush()
        }
    }

    private func flush() {
        guard let link, !settling.isEmpty, epoch > 0, world.timeline.now >= pausedUntil else {
            return
        }
        let batch = settling
        settling = []
        lastNumber += 1
        var request = SettleRequest(number: lastNumber)
        for item in batch {
            note(item, .ackTry)
            let (sequence, attempt, turn) = (
                item.held.sequence, item.held.attempt, item.held.turn
            )
            if item.how == .ack, item.outputs.isEmpty {
                request.acks.append(.init(first: sequence, count: 1, attempt: attempt, turn: turn))
            } else {
                request.settlements.append(
                    .init(
                        sequence: sequence, attempt: attempt, turn: turn, outcome: outcome(item)))
            }
        }
        pending.append((lastNumber, batch))
        let returned = batch.count { $0.how != .extend }
        credit += returned
        let id = link.id
        let settle = world.mutant.settling(request, of: self, on: link)
        link.toBroker { core in
            core.request(id, .settle(id, settle))
            core.request(id, .credit(id, messages: UInt32(returned), bytes: 10_000))
        }
    }

    private func outcome(_ item: Settling) -> SettleRequest.Outcome {
        let fault = BusFault(code: .unknown, reason: "SIMULATED", message: "\(name) says so")
        switch item.how {
        case .ack: return .ack(outputs: item.outputs.map(\.bytes))
        case .nack: return .nack(delay: .nanoseconds(item.delay), fault)
        case .reject: return .reject(fault)
        case .release: return .release(pause: .nanoseconds(item.delay), fault)
        case .extend: return .extend(.zero)
        }
    }

    private func settled(_ number: UInt64, refused: [Barid_Bus_V1_SettleError]) {
        var errors = refused
        while let first = pending.first, first.number <= number {
            pending.removeFirst()
            for item in first.settlements {
                let error = errors.firstIndex {
                    $0.sequence == item.held.sequence && $0.attempt == item.held.attempt
                        && $0.turn == item.held.turn
                }
                // Of two under one token it does not matter which one is noted as refused.
                if let error {
                    note(item, .ackStale, errors[error].error.reason)
                    errors.remove(at: error)
                } else {
                    note(item, .ackOK)
                }
            }
        }
    }

    // MARK: History

    private func fill(_ entry: inout HistoryEntry, _ one: Held) {
        entry.event = one.event.name
        entry.group = group
        entry.session = one.session
        entry.replay = one.replay
        entry.life = one.life
        entry.token = HistoryEntry.Token(
            epoch: one.epoch, turn: one.turn, attempt: UInt64(one.attempt))
    }

    private func note(
        _ item: Settling, _ operation: HistoryEntry.Operation, _ result: String = ""
    ) {
        if operation == .ackTry {
            for output in item.outputs { world.recordTry(output, by: name) }
        }
        world.recorder.add(operation, name) {
            fill(&$0, item.held)
            $0.how = item.how
            $0.result = result
            if item.how == .extend { $0.lease = world.plan.lease }
        }
        let answer: HistoryEntry.Operation
        switch operation {
        case .ackOK: answer = .publishOK
        case .ackStale: answer = .publishError
        case .ackUnknown: answer = .publishUnknown
        default: return
        }
        for output in item.outputs {
            world.recorder.add(answer, name) { $0.event = output.name }
        }
        if operation == .ackStale, item.how == .ack, result == "STORAGE_FULL",
            item.held.session == session
        {
            // The delivery stays leased: it is acked again, without outputs this time.
            world.timeline.after(.milliseconds(100)) { [self] in
                guard item.held.session == session, link != nil else { return }
                settling.append(Settling(held: item.held, how: .ack))
                flushSoon()
            }
        }
    }
}
