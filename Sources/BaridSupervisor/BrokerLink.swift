#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the supervisor asks of the broker; each call fails while there is none.
public protocol BrokerLink: Sendable {
    /// Peers and groups at this moment.
    func view() async throws -> BrokerView

    /// Makes sure that a group exists, so that nothing published from now on passes it by.
    func createGroup(_ group: PluginDescription.Group) async throws

    /// Says how a worker's process ended.
    ///
    /// - Parameters:
    ///   - end: How it ended.
    ///   - worker: The worker's name.
    ///   - session: Session it had; empty when it had none.
    /// - Throws: While there is no broker.
    func report(_ end: ProcessEnd, worker: String, session: String) async throws
}

/// What the supervisor looks at in the broker.
public struct BrokerView: Sendable, Equatable {
    /// The peers that have a session.
    public var sessions: [BrokerSession]

    /// Events of each group that are not settled, by the group's name.
    public var outstanding: [String: UInt64]

    /// Describes a moment.
    public init(sessions: [BrokerSession], outstanding: [String: UInt64] = [:]) {
        self.sessions = sessions
        self.outstanding = outstanding
    }
}

/// One peer of the broker.
public struct BrokerSession: Sendable, Equatable {
    /// The broker's name for the session.
    public var session: String

    /// The name the peer gave itself.
    public var name: String

    /// The peer's process id.
    public var processIdentifier: Int32

    /// Groups it has joined and services it serves: more than zero for a worker.
    public var duties: Int

    /// Describes a peer.
    public init(session: String, name: String, processIdentifier: Int32, duties: Int) {
        self.session = session
        self.name = name
        self.processIdentifier = processIdentifier
        self.duties = duties
    }

    /// Whether it is the session of a supervised process, or of one in that one's group: a script
    /// may start the worker instead of becoming it.
    func belongs(to process: Int32) -> Bool {
        guard process > 0, processIdentifier > 0 else { return false }
        return processIdentifier == process || getpgid(processIdentifier) == process
    }
}
