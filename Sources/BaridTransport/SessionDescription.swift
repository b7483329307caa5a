public import GRPCCore

/// One session as the broker sees it.
///
/// It is also the `transportSpecific` value of the `ServerContext` of every call the session opens.
public struct SessionDescription: Sendable, Hashable, ServerContext.TransportSpecific {
    /// The number the broker gave the session; unique while the broker runs.
    public var id: UInt64

    /// The transport and session in words, such as `ipc:session-7`.
    public var peer: String

    /// What the peer said about itself.
    public var registration: Registration

    /// The wall time at which the session began, since 1970-01-01T00:00Z.
    public var since: Duration

    /// Who the peer is, as the broker found out itself.
    public var identity = PeerIdentity.local

    /// What the peer may do; it does not change while the session lasts.
    public var rights = Rights.all

    /// Whether the peer said that it takes no new calls, and finishes.
    public var isDraining = false

    /// Calls that were passed on to it and have not ended, when ``Listener/sessions`` was asked; 0 elsewhere.
    public var calls = 0

    /// Describes a session; the listener does this, others only in tests.
    ///
    /// - Parameters:
    ///   - id: The number of the session.
    ///   - peer: The transport and session in words.
    ///   - registration: What the peer said about itself.
    ///   - since: The wall time at which the session began, since 1970-01-01T00:00Z.
    public init(id: UInt64, peer: String, registration: Registration, since: Duration) {
        self.id = id
        self.peer = peer
        self.registration = registration
        self.since = since
    }
}

/// The beginning or the end of a session, as ``Listener`` reports it.
public enum SessionEvent: Sendable {
    /// The peer said hello and was welcomed.
    case started(SessionDescription)

    /// The peer said goodbye, went silent, broke the protocol, or the listener stopped.
    ///
    /// Every stream of the session was closed before. The text is for people.
    case ended(SessionDescription, reason: String)
}
