internal import BaridBroker
internal import BaridEngine
internal import GRPCCore

/// Who is at the other end of a stream.
protocol LinkClient: AnyObject {
    func received(_ message: [UInt8], on link: Link, sent: Int64)
    func ended(_ link: Link)
    func lost(_ link: Link, from: Int64)
}

/// One stream between a client and the broker: ordered both ways, and cut at any point.
final class Link {
    let id: StreamID
    let host: BrokerHost
    /// Start of the broker that the stream belongs to.
    let incarnation: Int
    private(set) weak var client: (any LinkClient)?
    /// Nothing passes any more.
    private(set) var isCut = false
    /// Which life of its group a subscription belongs to, as of the first message sent on it;
    /// no subscription outlives its life.
    private(set) var life: UInt64?
    /// Says which life the group is in.
    var currentLife: () -> UInt64 = { 0 }
    /// Bytes on their way to the client.
    private(set) var unsent = 0
    private var chance: Chance
    private let timeline: Timeline
    private var toBrokerAt: Int64 = 0
    private var toClientAt: Int64 = 0
    private var serial: UInt64 = 0

    init(id: UInt64, host: BrokerHost, client: any LinkClient, timeline: Timeline, seed: UInt64) {
        self.id = StreamID(id)
        self.host = host
        self.client = client
        self.timeline = timeline
        incarnation = host.incarnation
        chance = Chance(seed: seed ^ (id &* 0x9E37_79B9_7F4A_7C15))
    }

    /// Sends something to the broker, after what was sent before.
    func toBroker(_ body: @escaping (SteppedCore) -> Void) {
        toBrokerAt = max(toBrokerAt, timeline.now + delay())
        plan(toBrokerAt) { [self] in
            guard !isCut, let core = host.core, host.incarnation == incarnation else { return }
            body(core)
            host.wake()
        }
    }

    /// Sends a message to the client.
    func toClient(_ message: [UInt8]) {
        let sent = timeline.now
        if life == nil { life = currentLife() }
        unsent += message.count
        toClientAt = max(toClientAt, timeline.now + delay())
        plan(toClientAt) { [self] in
            unsent -= message.count
            guard !isCut else { return }
            client?.received(message, on: self, sent: sent)
        }
    }

    /// Ends the call, after what was sent before.
    func end() {
        toClientAt = max(toClientAt, timeline.now + delay())
        plan(toClientAt) { [self] in
            guard !isCut else { return }
            isCut = true
            client?.ended(self)
        }
    }

    /// Breaks it: both ends come to know, each in its time; what is under way is gone.
    func cut(brokerKnowsAfter: Int64, clientKnowsAfter: Int64) {
        guard !isCut else { return }
        isCut = true
        let from = timeline.now
        plan(timeline.now + brokerKnowsAfter) { [self] in
            guard let core = host.core, host.incarnation == incarnation else { return }
            core.close(id, .lost)
            host.wake()
        }
        plan(timeline.now + clientKnowsAfter) { [self] in client?.lost(self, from: from) }
    }

    /// The client knows already: its process is gone, or it went.
    func forgetClient() { client = nil }

    private func delay() -> Int64 {
        // Mostly quick, sometimes not.
        chance.percent(95)
            ? chance.between(20_000, .milliseconds(2)) : chance.between(0, .milliseconds(200))
    }

    private func plan(_ time: Int64, _ body: @escaping () -> Void) {
        serial += 1
        timeline.at(time, stream: id.number, serial: serial, body)
    }
}

/// The broker's end of a link.
///
/// One thread runs a whole simulation, which is what makes this safe to call sendable.
final class SimulatedStream: BusStream, @unchecked Sendable {
    private let link: Link
    private let mutant: Mutant

    init(_ link: Link, mutant: Mutant) {
        self.link = link
        self.mutant = mutant
    }

    var unsentBytes: Int { link.unsent }

    func send(_ message: [UInt8], exempt: Bool) throws(RPCError) {
        mutant.outgoing(message, on: link)
    }

    func finish(_ status: Status, metadata: Metadata) { link.end() }

    func returnCredit(bytes: Int) {}
}
