/// The limits one side of a session keeps and tells its peer.
///
/// Specified in Protocols/1-transport §9.
public struct TransportLimits: Sendable, Hashable {
    /// The largest gRPC message sent or accepted, in bytes.
    ///
    /// The default is 1 MiB, the limit of an event; 16 MiB plus 64 KiB is the most it can be.
    public var maximumMessageBytes = 1 << 20

    /// Bytes a peer may have in flight on one stream before the application has read them.
    ///
    /// The default is 256 KiB, which is also the least: four full ZeroMQ messages.
    public var streamWindowBytes = TransportLimits.initialStreamCredit

    /// Bytes a peer may have in flight on all streams of a session together.
    ///
    /// The default is 16 MiB: more than 64 streams that are not read, so that a slow call does not
    /// stop the others.
    public var sessionWindowBytes = 16 << 20

    /// Streams the peer may have open at once; the next one is refused RESOURCE_EXHAUSTED.
    ///
    /// The default is 1,024.
    public var maximumStreams = 1_024

    /// Bytes of messages a peer has begun and not finished, all streams of a session together; more
    /// end the session.
    ///
    /// The default is 64 MiB: these bytes are outside of credit, and each may belong to a message
    /// of the largest size.
    public var maximumUnfinishedBytes = 64 << 20

    /// The largest `maximumMessageBytes` accepted: 16 MiB and 64 KiB for what surrounds an event.
    public static let hardMaximumMessageBytes = 16 << 20 + 64 << 10

    /// Limits with every default.
    public init() {}

    /// The stream credit each side has before the first window-update: 256 KiB.
    static let initialStreamCredit = 256 << 10

    /// The session credit each side has before the first window-update: 1 MiB.
    static let initialSessionCredit = 1 << 20

    /// The most one ZeroMQ message carries, all frames and their headers together: 64 KiB.
    static let maximumBatchBytes = 64 << 10

    /// What sockets refuse to receive at all (`ZMQ_MAXMSGSIZE`): 128 KiB.
    static let maximumSocketMessageBytes = 128 << 10

    /// These limits with each value moved into the range the protocol allows.
    func clamped() -> TransportLimits {
        var limits = self
        limits.maximumMessageBytes = min(
            max(maximumMessageBytes, 1_024), Self.hardMaximumMessageBytes)
        limits.streamWindowBytes = min(max(streamWindowBytes, Self.initialStreamCredit), 64 << 20)
        limits.sessionWindowBytes = min(
            max(sessionWindowBytes, Self.initialSessionCredit), 1 << 30)
        limits.maximumUnfinishedBytes = min(
            max(maximumUnfinishedBytes, limits.maximumMessageBytes), 1 << 30)
        limits.maximumStreams = min(max(maximumStreams, 1), 1 << 20)
        return limits
    }
}
