public import Barid
internal import BaridSchema
internal import Foundation

/// The events of a proof: what a worker is to do with one stands in its body.
///
/// Everything in an event follows from the seed, its publisher and its number, so that the same
/// identity always has the same bytes, also when a publisher is killed and begins again.
public struct ProvenEvent: Sendable, Hashable {
    /// What the worker is to do.
    public enum Order: String, Sendable, CaseIterable {
        /// Ack.
        case ack
        /// Ack and emit one event, in one record.
        case emit
        /// Nack the first attempt, ack the second.
        case retry
        /// Reject: a dead letter at once.
        case reject
        /// Kill the worker's own process, each time.
        case poison
    }

    /// The topic of every proof.
    public static let topic = "prove"
    /// Type of the events that are published.
    public static let type = "barid.prove.order.v1"
    /// Type of the events that workers emit.
    public static let outputType = "barid.prove.done.v1"

    /// Identity within the source.
    public var id: String
    /// Who published it.
    public var publisher: String
    /// The ordering key.
    public var key: String
    /// What to do with it.
    public var order: Order
    /// How long a worker takes for it.
    public var work: Duration
    /// The body: the order, then bytes that nobody can compress or guess.
    public var body: [UInt8]

    /// The event of a number.
    ///
    /// - Parameters:
    ///   - number: From 1.
    ///   - publisher: Name of the publisher.
    ///   - traffic: What all events have in common.
    public init(number: UInt64, publisher: String, traffic: Traffic) {
        id = "\(publisher)-\(number)"
        self.publisher = publisher
        var numbers = SeededNumbers(seed: PayloadHash.of("\(traffic.seed)/\(id)".utf8))
        key = "key-\(numbers.below(UInt64(clamping: max(1, traffic.keys))))"
        order = traffic.order(numbers.below(1_000), number: number)
        work = .milliseconds(Int64(clamping: numbers.below(traffic.workMilliseconds + 1)))
        body = Array("\(order.rawValue) \(work.milliseconds)\n".utf8)
        while body.count + 8 <= traffic.bytes {
            withUnsafeBytes(of: numbers.next().littleEndian) { body.append(contentsOf: $0) }
        }
    }

    /// The event of an id.
    ///
    /// - Parameters:
    ///   - id: As a publisher of a proof makes them.
    ///   - traffic: What all its events have in common.
    public init?(id: String, traffic: Traffic) {
        guard let dash = id.lastIndex(of: "-"), let number = UInt64(id[dash...].dropFirst()) else {
            return nil
        }
        self.init(number: number, publisher: String(id[..<dash]), traffic: traffic)
    }

    /// The event as it is published.
    public var envelope: EventEnvelope {
        var envelope = EventEnvelope(
            id: id, source: "/barid/prove/\(publisher)", type: Self.type)
        envelope.subject = key
        envelope.message.binaryData = Data(body)
        return envelope
    }

    /// Reads the order of a body that came back.
    ///
    /// - Parameter body: The body of an event of a proof.
    /// - Returns: What to do and for how long; nil if it is not such a body.
    static func order(of body: some Collection<UInt8>) -> (order: Order, work: Duration)? {
        let line = String(
            decoding: body.prefix { $0 != UInt8(ascii: "\n") }.prefix(64), as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count == 2, let order = Order(rawValue: String(words[0])),
            let milliseconds = Int64(words[1])
        else { return nil }
        return (order, .milliseconds(milliseconds))
    }
}

/// What the events of a proof have in common.
public struct Traffic: Sendable, Hashable {
    /// Decides about keys, orders and bodies.
    public var seed: UInt64
    /// Bytes of a body, about.
    ///
    /// The default is 1 KiB.
    public var bytes = 1_024
    /// How many ordering keys there are.
    ///
    /// The default is 64: enough to keep workers busy, few enough that keys wait for one another.
    public var keys = 64
    /// Longest work on one event in milliseconds.
    ///
    /// The default is 40: at any moment some deliveries are out, so that a kill finds something.
    public var workMilliseconds: UInt64 = 40
    /// Every so many-th event of a publisher kills its worker; 0 is none.
    ///
    /// The default is none.
    public var poisonEvery: UInt64 = 0

    /// Traffic with every default.
    ///
    /// - Parameter seed: Decides about keys, orders and bodies.
    public init(seed: UInt64) { self.seed = seed }

    /// Nine of a hundred emit, four are retried, one in two hundred is rejected.
    fileprivate func order(_ chance: UInt64, number: UInt64) -> ProvenEvent.Order {
        if poisonEvery > 0, number % poisonEvery == 0 { return .poison }
        switch chance {
        case 0..<5: return .reject
        case 5..<45: return .retry
        case 45..<135: return .emit
        default: return .ack
        }
    }
}

/// FNV-1a, 64 bits: tells one body from another in a history.
enum PayloadHash {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
    }
}
