public import BaridSchema
internal import SwiftProtobuf

extension PluginManifest.Start: LosslessStringConvertible {
    /// Reads a place as a manifest names it.
    ///
    /// - Parameter text: `first`, `new`, `last`, a sequence, or an RFC 3339 time.
    public init?(_ text: String) {
        switch text {
        case "first": self = .first
        case "new": self = .new
        case "last": self = .last
        case _ where !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }:
            guard let sequence = UInt64(text), sequence > 0 else { return nil }
            self = .sequence(sequence)
        default:
            guard let time = Timestamps.parse(text) else { return nil }
            self = .time(.seconds(time.seconds) + .nanoseconds(time.nanos))
        }
    }

    /// The place as a manifest names it; a time in UTC.
    public var description: String {
        switch self {
        case .first: "first"
        case .new: "new"
        case .last: "last"
        case .sequence(let sequence): "\(sequence)"
        case .time(let time): Timestamps.text(Google_Protobuf_Timestamp(time))
        }
    }
}

extension Barid_Bus_V1_Start {
    /// Where a new group starts, as a subscription says it.
    ///
    /// - Parameter start: What the manifest says.
    public init(_ start: PluginManifest.Start) {
        self.init()
        switch start {
        case .first: at = .first
        case .new: at = .new
        case .last: at = .last
        case .sequence(let number):
            at = .sequence
            sequence = number
        case .time(let wall):
            at = .time
            time = Google_Protobuf_Timestamp(wall)
        }
    }
}

extension Google_Protobuf_Timestamp {
    fileprivate init(_ time: Duration) {
        // Nanoseconds count up from the second below.
        let (seconds, attoseconds) = time.components
        let nanos = attoseconds / 1_000_000_000
        self =
            nanos < 0
            ? .init(seconds: seconds - 1, nanos: Int32(nanos + 1_000_000_000))
            : .init(seconds: seconds, nanos: Int32(nanos))
    }
}
