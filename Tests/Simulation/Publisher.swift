internal import BaridBroker
internal import BaridEngine
internal import BaridProof
internal import BaridSchema
internal import SwiftProtobuf

/// A publisher that sends what is unknown again, repeats itself at times, and at times publishes
/// another body under an old id.
final class Publisher: LinkClient {
    let name: String
    private let world: World
    private var chance: Chance
    private var link: Link?
    /// Sent and not answered, in the order of the stream.
    private var awaiting: [SimulatedEvent] = []
    private var again: [SimulatedEvent] = []
    /// Stored for certain, the latest last.
    private var stored: [SimulatedEvent] = []
    private var number = 0
    private let topic: String

    init(number: Int, world: World) {
        name = "publisher-\(number)"
        topic = number == 2 ? "comments" : "articles"
        self.world = world
        chance = Chance(seed: world.seed ^ UInt64(0x9B + number * 7_919))
    }

    func begin() { plan() }

    /// Nothing waits to be sent or answered.
    var isDone: Bool { awaiting.isEmpty && again.isEmpty }

    private func plan() {
        let pace: Int64 = world.isHealed ? .milliseconds(200) : .milliseconds(400)
        world.timeline.after(chance.between(.milliseconds(1), pace)) { [self] in
            act()
            plan()
        }
    }

    private func act() {
        guard let link else { return connect() }
        guard awaiting.count < 64 else { return }
        var batch: [SimulatedEvent] = []
        while let next = again.popLast(), batch.count < 4 { batch.append(next) }
        if !world.isHealed {
            for _ in 0..<1 + chance.below(4) { batch.append(compose()) }
        }
        guard !batch.isEmpty else { return }
        for event in batch { world.recordTry(event, by: name) }
        awaiting += batch
        let bytes = batch.map { world.mutant.published($0) }
        let (id, topic) = (link.id, topic)
        link.toBroker { core in
            core.request(id, .publish(id, topic: topic, events: bytes))
        }
    }

    private func connect() {
        guard world.host.core != nil else { return }
        let link = world.connect(self)
        self.link = link
        let stream = SimulatedStream(link, mutant: world.mutant)
        link.toBroker { core in core.openPublisher(link.id, stream) }
    }

    private func compose() -> SimulatedEvent {
        let recent = stored.suffix(8)
        if chance.percent(8), let old = chance.pick(Array(recent)) {
            guard chance.percent(30) else { return old }
            var other = old
            other.data += " but different"
            other.isConflict = true
            return other
        }
        number += 1
        world.revision += 1
        let key = chance.percent(85) ? "k\(chance.below(world.plan.keys))" : ""
        let kind = chance.percent(2) ? "poison.v1" : chance.percent(50) ? "even.v1" : "odd.v1"
        let size = chance.percent(90) ? chance.below(200) : chance.below(4_000)
        var event = SimulatedEvent(
            id: "\(name)/\(number)", topic: topic, type: kind, key: key,
            data: "\(name) \(number) " + String(repeating: "x", count: size),
            revision: world.revision)
        if chance.percent(3) {
            event.expiry = world.timeline.instant.wall + chance.between(0, .seconds(8))
        }
        return event
    }

    // MARK: LinkClient

    func received(_ message: [UInt8], on link: Link, sent: Int64) {
        guard link === self.link else { return }
        guard let response = try? Barid_Bus_V1_PublishResponse(serializedBytes: message) else {
            world.recorder.fail("protocol", "\(name) cannot read a response")
            return
        }
        for range in response.receipts {
            for offset in 0..<UInt64(range.count) {
                guard !awaiting.isEmpty else {
                    world.recorder.fail("protocol", "\(name) got a receipt for nothing")
                    return
                }
                let event = awaiting.removeFirst()
                if range.hasError {
                    refused(event, range.error.reason)
                } else {
                    acknowledged(event, range.firstSequence + offset, range.duplicate)
                }
            }
        }
    }

    private func acknowledged(_ event: SimulatedEvent, _ sequence: UInt64, _ duplicate: Bool) {
        world.recorder.add(.publishOK, name) {
            $0.event = event.name
            $0.offset = sequence
            $0.duplicate = duplicate
        }
        if !duplicate {
            stored.append(event)
            if stored.count > 8 { stored.removeFirst() }
        }
    }

    private func refused(_ event: SimulatedEvent, _ reason: String) {
        world.recorder.add(.publishError, name) {
            $0.event = event.name
            $0.result = reason
        }
        switch reason {
        case "STORAGE_FULL", "DRAINING": again.append(event)
        case "IDENTITY_CONFLICT" where event.isConflict: break
        default:
            world.recorder.fail("protocol", "\(name) was refused \(event.name): \(reason)")
        }
    }

    func ended(_ link: Link) { lost(link, from: world.timeline.now) }

    func lost(_ link: Link, from: Int64) {
        guard link === self.link else { return }
        self.link = nil
        for event in awaiting {
            world.recorder.add(.publishUnknown, name) { $0.event = event.name }
            // A publisher that does as it should sends them again; some give up.
            if !event.isConflict, chance.percent(85) { again.append(event) }
        }
        awaiting = []
    }

    /// The network fails under it.
    func cut() {
        link?.cut(
            brokerKnowsAfter: chance.between(0, .seconds(2)),
            clientKnowsAfter: chance.between(0, .seconds(2)))
    }
}
