/// What peers together, and the peers of one key, may take of a broker.
///
/// What one peer may take is in ``TransportLimits``. Specified in Protocols/7-security §7.
public struct PeerLimits: Sendable, Hashable {
    /// Sessions at once; the next hello is refused.
    ///
    /// The default is 4,096.
    public var maximumSessions = 4_096

    /// Sessions of one key at once; the next hello is refused.
    ///
    /// The default is 256: a key belongs to one program, and a leaked one must not use up the
    /// broker's sessions.
    public var maximumSessionsPerKey = 256

    /// Connections without a session at once; for one more, the oldest of them is cut.
    ///
    /// They are in their handshake, before their hello, or after their session. The default is 1,024; who says hello at once waits for milliseconds.
    public var maximumPending = 1_024

    /// How long a connection may be without a session.
    ///
    /// The default is 30 s: a client that was refused says hello again within 10 s.
    public var maximumPendingTime = Duration.seconds(30)

    /// Bytes of unfinished messages of all sessions together; beyond it, the session that has most
    /// of them ends.
    ///
    /// The default is 256 MiB. The limit of one session is in ``TransportLimits``.
    public var maximumUnfinishedBytes = 256 << 20

    /// How much the process may grow before every peer has to show that it is not in the middle of
    /// a message without an end.
    ///
    /// The default is 32 MiB: less is ordinary at full rate.
    public var memoryStepBytes = 32 << 20

    /// Limits with every default.
    public init() {}

    /// Every value that cannot be, in words; none when all is well.
    public var problems: [String] {
        var problems: [String] = []
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
            guard !range.contains(value) else { return }
            problems.append(
                "\(name) is \(value); it is \(range.lowerBound) to \(range.upperBound)")
        }
        check("the limit of sessions", maximumSessions, 1...60_000)
        check("the limit of sessions of a key", maximumSessionsPerKey, 1...60_000)
        check("the limit of connections without a session", maximumPending, 1...60_000)
        check(
            "the limit of unfinished messages", maximumUnfinishedBytes,
            TransportLimits.hardMaximumMessageBytes...(1 << 34))
        check("the step of memory", memoryStepBytes, 1 << 20...1 << 34)
        return problems
    }

    /// The limits that leave room among so many descriptors, of which each connection takes one.
    ///
    /// - Parameter descriptors: What the process may have open. Of them 64 are the broker's own, and
    ///   of the others a quarter is for connections without a session.
    /// - Returns: The limits, none of them higher than before.
    public func fitted(toDescriptors descriptors: Int) -> PeerLimits {
        let room = max(4, descriptors - 64)
        var limits = self
        limits.maximumSessions = min(maximumSessions, room - room / 4)
        limits.maximumPending = min(maximumPending, room / 4)
        return limits
    }
}
