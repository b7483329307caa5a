internal import BaridBroker
internal import BaridSchema
internal import SwiftProtobuf

/// Follows a topic: it has to see every event once, in order, and nothing that is lost later.
final class FollowingReader: LinkClient {
    private let world: World
    private let topic: String
    private var chance: Chance
    private var link: Link?
    private(set) var next: UInt64 = 1
    /// Name and hash of what it saw, by sequence.
    private(set) var seen: [UInt64: (name: String, hash: String)] = [:]
    /// What retention took before it came to read it.
    private(set) var overtaken: [ClosedRange<UInt64>] = []

    init(topic: String, world: World) {
        self.topic = topic
        self.world = world
        chance = Chance(seed: world.seed ^ 0x4EAD)
    }

    func begin() { plan() }

    private func plan() {
        world.timeline.after(chance.between(.milliseconds(50), .milliseconds(500))) { [self] in
            if link == nil { connect() }
            plan()
        }
    }

    private func connect() {
        guard let durable = world.host.core?.durable else { return }
        if let first = durable.topics.first(where: { $0.name == self.topic })?.first, first > next {
            overtaken.append(next...first - 1)
            next = first
        }
        let link = world.connect(self)
        self.link = link
        let stream = SimulatedStream(link, mutant: world.mutant)
        let (topic, next) = (topic, next)
        link.toBroker { core in core.openReader(link.id, topic: topic, from: next, stream) }
    }

    func received(_ message: [UInt8], on link: Link, sent: Int64) {
        guard link === self.link else { return }
        guard let response = try? Barid_Bus_V1_ReadResponse(serializedBytes: message),
            response.events.count == response.sequences.count
        else {
            world.recorder.fail("reading", "a reader cannot read a response")
            return
        }
        for (bytes, sequence) in zip(response.events, response.sequences) {
            guard sequence == next, let event = try? Barid_Bus_V1_Event(serializedBytes: bytes)
            else {
                world.recorder.fail("reading", "a reader got \(sequence) where \(next) was due")
                return
            }
            seen[sequence] = ("\(topic)/\(event.id)", SimulatedEvent.hash(of: event.textData))
            next += 1
        }
    }

    func ended(_ link: Link) { lost(link, from: 0) }

    func lost(_ link: Link, from: Int64) {
        if link === self.link { self.link = nil }
    }

    /// The network fails under it.
    func cut() {
        link?.cut(brokerKnowsAfter: chance.between(0, .seconds(1)), clientKnowsAfter: 0)
    }
}
