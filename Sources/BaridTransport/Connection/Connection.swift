public import GRPCCore
public import Logging
internal import ZeroMQ

/// A client's or worker's side of the wire: one DEALER socket, its thread, and the session on it.
///
/// It reconnects by itself, with back-off, for as long as it lives. No call survives that: open
/// calls end UNAVAILABLE, and ``states`` tells of the new session. Client and server transport are
/// two views of the same connection. Specified in Protocols/1-transport.
public final class Connection: Sendable {
    /// The settings of a connection.
    public struct Configuration: Sendable {
        /// The broker's endpoint.
        public var endpoint: Endpoint

        /// What the broker is told about this peer.
        public var registration = Registration()

        /// Our keys, for an endpoint over TCP that asks for them; not used on a Unix socket.
        ///
        /// The default is nil.
        public var key: ClientKey?

        /// What this side accepts, and tells the broker.
        public var limits = TransportLimits()

        /// How long a new call waits for a session before it ends UNAVAILABLE.
        ///
        /// The default is 5 s; a call's own deadline counts as well. Zero fails at once.
        public var maximumConnectWait = Duration.seconds(5)

        /// Methods, by fully qualified name, whose request messages need no credit.
        ///
        /// For settlements and credit, which free memory at the broker. The default is none.
        public var creditExemptMethods: Set<String> = []

        /// The first pause before a session is tried again; it doubles each time, with jitter.
        ///
        /// The default is 100 ms.
        public var minimumBackoff = Duration.milliseconds(100)

        /// The longest pause before a session is tried again.
        ///
        /// The default is 2 s, so that a network that is back is in use within 3 s.
        public var maximumBackoff = Duration.seconds(2)

        /// Where lost and regained sessions are logged.
        public var logger = Logger(label: "barid.connection")

        /// Settings with every default.
        ///
        /// - Parameters:
        ///   - endpoint: The broker's endpoint.
        ///   - registration: What the broker is told about this peer.
        public init(endpoint: Endpoint, registration: Registration = Registration()) {
            self.endpoint = endpoint
            self.registration = registration
        }
    }

    /// What a welcome told us.
    public struct SessionInfo: Sendable, Hashable {
        /// The number the broker gave this session.
        public var id: UInt64

        /// The broker's epoch: another one than before means the broker was started again.
        public var brokerEpoch: UInt64

        /// The broker's wall time at the welcome, since 1970-01-01T00:00Z.
        public var brokerTime: Duration

        /// The largest gRPC message the broker accepts, in bytes.
        public var maximumMessageBytes: Int
    }

    /// Where the connection stands.
    public enum State: Sendable, Hashable {
        /// There is no session yet; it is being tried.
        case connecting

        /// There is a session.
        case ready(SessionInfo)

        /// The session was lost, with the reason in words; another one is being tried.
        case lost(String)

        /// The broker refused us for good, such as for the protocol version; nothing is tried again.
        case refused(String)

        /// The broker does not let us in, or not with what we want to serve; nothing is tried again.
        case forbidden(String)

        /// The connection was closed by its owner.
        case closed
    }

    /// Creates a connection; nothing happens until ``start()``, a call, or a server's `listen`.
    ///
    /// - Parameter configuration: The settings.
    /// - Throws: `RPCError` with code `.invalidArgument` if the endpoint is refused,
    ///   `.unauthenticated` if it is on another machine and there is no key.
    public init(_ configuration: Configuration) throws {
        try configuration.endpoint.validate()
        guard configuration.key != nil || configuration.endpoint.isOnThisMachine else {
            throw RPCError(
                code: .unauthenticated,
                message: """
                    \(configuration.endpoint) is on another machine, so a key is needed: --key FILE \
                    or BARID_KEY_FILE; `barid keys new NAME` at the broker makes one
                    """)
        }
        self.configuration = configuration
        mailbox = try Mailbox()
    }

    deinit {
        mailbox.post(.stop)
    }

    /// Starts the socket thread and tries for a session; harmless when called again.
    ///
    /// - Throws: `RPCError` with code `.unavailable` if the socket cannot be made.
    public func start() throws(RPCError) {
        guard lifetime.begin() else { return }
        do {
            try connectAndRun()
        } catch {
            lifetime.end()
            shared.become(.closed)
            throw RPCError(code: .unavailable, message: "the connection cannot start: \(error)")
        }
    }

    /// Where the connection stands now.
    public var state: State { shared.state }

    /// Makes sure that a call can be made, now or once there is a session.
    ///
    /// - Throws: `RPCError` with code `.failedPrecondition` if the connection is closed or the broker
    ///   refused us, `.permissionDenied` if it does not let us in.
    func checkUsable() throws(RPCError) {
        switch state {
        case .closed:
            throw RPCError(code: .failedPrecondition, message: "the connection is closed")
        case .refused(let text): throw RPCError(code: .failedPrecondition, message: text)
        case .forbidden(let text): throw RPCError(code: .permissionDenied, message: text)
        case .connecting, .ready, .lost: break
        }
    }

    /// The state of this moment and every later one; ends after `closed`, `refused`, `forbidden`.
    ///
    /// A reader that is slow sees the newest 64 states.
    public var states: AsyncStream<State> { shared.states() }

    /// Waits until there is a session.
    ///
    /// - Parameter limit: How long to wait.
    /// - Returns: What the broker told us.
    /// - Throws: `RPCError` with code `.unavailable` when the time is over or the connection was
    ///   closed, `.failedPrecondition` when the broker refused us, `.permissionDenied` when it does
    ///   not let us in, `.cancelled` when the task was.
    @discardableResult
    public func waitUntilReady(within limit: Duration) async throws -> SessionInfo {
        try start()
        return try await withThrowingTaskGroup(of: SessionInfo?.self) { group in
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            group.addTask { [shared] in
                for await state in shared.states() {
                    switch state {
                    case .ready(let info): return info
                    case .refused(let text):
                        throw RPCError(code: .failedPrecondition, message: text)
                    case .forbidden(let text):
                        throw RPCError(code: .permissionDenied, message: text)
                    case .closed:
                        throw RPCError(code: .unavailable, message: "the connection is closed")
                    case .connecting, .lost: continue
                    }
                }
                throw RPCError(code: .cancelled, message: "the wait was cancelled")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let info = first else {
                if let problem = shared.handshakeProblem {
                    throw RPCError(code: .permissionDenied, message: problem)
                }
                throw RPCError(
                    code: .unavailable,
                    message: "no session with the broker at \(configuration.endpoint)")
            }
            return info
        }
    }

    /// A transport for a `GRPCClient` of the broker's services and of those it forwards to.
    ///
    /// Each access makes a new view; shutting a view down leaves the connection as it is.
    public var clientTransport: Connection.Client { Client(connection: self) }

    /// The transport for a `GRPCServer` of the services in the registration.
    ///
    /// Ask once: a connection has one.
    public var serverTransport: Connection.Server {
        shared.intake.take()
        return Server(connection: self)
    }

    /// Refuses new calls, waits for the open ones, says goodbye and closes.
    ///
    /// - Parameter limit: How long to wait for open calls; what is left then is cut.
    public func drain(within limit: Duration) async {
        shared.intake.shutDown()
        mailbox.post(.drain(until: .now.advanced(by: limit)))
        await lifetime.ended()
        shared.become(.closed)
    }

    /// Cuts every call, says goodbye and stops the thread; harmless when called again.
    public func close() async {
        mailbox.post(.stop)
        await lifetime.ended()
        shared.become(.closed)
    }

    let configuration: Configuration
    let shared = ConnectionShared()
    let mailbox: Mailbox<SocketOrder>
    private let lifetime = ThreadLifetime()

    private func connectAndRun() throws(ZeroMQError) {
        let socket = try Socket(.dealer, in: Context())
        try socket.set(.immediate)
        try socket.set(.maximumMessageSize(Int64(TransportLimits.maximumSocketMessageBytes)))
        try socket.set(.heartbeat(interval: 2_000, timeout: 6_000))
        try socket.set(.handshake(5_000))
        try socket.set(.reconnect(first: 100, longest: 1_000))
        // A network that swallows packets would else hold an attempt for minutes. The system sends the
        // first packet again after a second.
        try socket.set(.connect(1_500))
        try socket.set(.linger(0))
        if configuration.endpoint.isIPv6 { try socket.set(.ipv6) }
        if case .tcp = configuration.endpoint, let key = configuration.key {
            try socket.set(
                .curveClient(
                    public: key.pair.publicKey.key, secret: key.pair.secret,
                    server: key.serverKey.key))
        }
        let monitor = try socket.monitor(name: "connection")
        try socket.connect(configuration.endpoint.description)
        let core = ConnectionCore(
            configuration: configuration, shared: shared, mailbox: mailbox, socket: socket,
            monitor: monitor)
        let parcel = Parcel(core)
        let lifetime = lifetime
        try OwnedThread.start(name: "barid-dealer") {
            parcel.open { $0.run() }
            lifetime.end()
        }
    }
}
