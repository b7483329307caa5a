public import GRPCCore
internal import Glibc
public import Logging
internal import Synchronization
internal import ZeroMQ

/// The broker's side of the wire: one ROUTER socket, its thread, and every session on it.
///
/// A stream that a peer opens is dispatched once: to a raw handler of that method, else to the local
/// GRPCCore services behind ``serverTransport``, else forwarded to the least loaded session that
/// registered the service; else it ends UNAVAILABLE. Specified in Protocols/1-transport.
public final class Listener: Sendable {
    /// The settings of a listener.
    public struct Configuration: Sendable {
        /// Where to listen; at least one.
        public var endpoints: [Endpoint]

        /// The number of this start of the broker, which only grows; told to every peer.
        public var brokerEpoch: UInt64 = 1

        /// What this side accepts, and tells its peers.
        public var limits = TransportLimits()

        /// The methods served on the socket thread, by fully qualified name such as
        /// `barid.bus.v1.EventBus/Publish`.
        public var rawHandlers: [String: any RawHandler] = [:]

        /// How long a call may wait for a worker that is busy, before it ends RESOURCE_EXHAUSTED.
        ///
        /// The default is 10 s.
        public var maximumForwardingWait = Duration.seconds(10)

        /// How many calls may wait for busy workers of one service; one more ends
        /// RESOURCE_EXHAUSTED at once.
        ///
        /// The default is 256.
        public var maximumWaitingCalls = 256

        /// What peers together may take.
        public var peers = PeerLimits()

        /// Who may connect, where an endpoint asks for keys; with it, such endpoints are encrypted
        /// and every connection is authenticated.
        ///
        /// The default is nil, with which only local endpoints are accepted.
        public var keys: KeyRing?

        /// Whether loopback TCP takes any local user without a key, with all rights.
        ///
        /// The default is false: other users of the machine can connect there.
        public var allowsLocalUsers = false

        /// Where refusals are told and counted.
        ///
        /// The default writes to the default logger of a listener.
        public var audit = AuditTrail(logger: Logger(label: "barid.audit"))

        /// Where calls are counted.
        ///
        /// The default is a count of the listener's own.
        public var calls = CallCounts()

        /// Told of each session's beginning and end, on the socket thread: do not block.
        public var onSession: (@Sendable (SessionEvent) -> Void)?

        /// Where sessions and refusals are logged.
        public var logger = Logger(label: "barid.listener")

        /// Settings with every default.
        ///
        /// - Parameter endpoints: Where to listen; at least one.
        public init(endpoints: [Endpoint]) {
            self.endpoints = endpoints
        }
    }

    /// Creates a listener; nothing is bound until ``start()``.
    ///
    /// - Parameter configuration: The settings.
    /// - Throws: `RPCError` with code `.invalidArgument` if an endpoint is refused or none is given,
    ///   `.failedPrecondition` if one asks for keys and there are none.
    public init(_ configuration: Configuration) throws {
        guard !configuration.endpoints.isEmpty else {
            throw RPCError(code: .invalidArgument, message: "a listener needs an endpoint")
        }
        for endpoint in configuration.endpoints {
            try endpoint.validate()
            guard configuration.keys != nil || !configuration.asksForKey(endpoint) else {
                throw RPCError(
                    code: .failedPrecondition,
                    message: endpoint.isOnThisMachine
                        ? """
                        endpoint \(endpoint): every local user could connect; it takes keys, or \
                        --allow-local-users
                        """
                        : "endpoint \(endpoint): other machines could connect; it takes keys")
            }
        }
        self.configuration = configuration
        mailbox = try Mailbox()
    }

    private let configuration: Configuration
    private let shared = ListenerShared()
    private let mailbox: Mailbox<SocketOrder>
    private let lifetime = ThreadLifetime()
    private let bound = Mutex<[Endpoint]>([])
    private let authenticator = Mutex<Authenticator?>(nil)

    deinit {
        mailbox.post(.stop)
        authenticator.withLock { $0 }?.stop()
    }

    /// Whether new peers can be let in: false when keys are in use and their check has failed.
    public var isAuthenticating: Bool {
        authenticator.withLock { $0?.isAlive } ?? true
    }

    /// Ends the check of keys, as a fault would; for tests.
    func loseAuthenticator() async {
        let guardian = authenticator.withLock { $0 }
        guardian?.stop()
        await guardian?.ended()
    }

    /// Whether who connects to an endpoint needs a key.
    ///
    /// - Parameter endpoint: An endpoint, as asked for or as bound.
    /// - Returns: False for local ones that anybody of this machine gets in at.
    public func asksForKey(_ endpoint: Endpoint) -> Bool { configuration.asksForKey(endpoint) }

    /// Binds the endpoints and starts the socket thread.
    ///
    /// An ipc endpoint's folder is created with mode 0700 if it is missing, and `PATH.lock` is held
    /// while the listener runs, so that a second broker cannot take the path over. Where keys are in
    /// use, nobody is served before a test has shown that an endpoint lets in a known key and neither
    /// an unknown one nor a peer without.
    ///
    /// - Throws: `RPCError` with code `.alreadyExists`, naming the process, if another listener holds
    ///   the path; `.unavailable`, naming the endpoint, if binding fails; `.failedPrecondition` if the
    ///   listener was started before, or an endpoint failed that test.
    public func start() throws {
        guard lifetime.begin() else {
            throw RPCError(code: .failedPrecondition, message: "the listener was started before")
        }
        do {
            try bindAndRun()
        } catch {
            lifetime.end()
            throw error
        }
    }

    /// The endpoints as bound: a TCP port 0 is replaced by the port the system chose.
    public var endpoints: [Endpoint] { bound.withLock { $0 } }

    /// The sessions of this moment, oldest first.
    public var sessions: [SessionDescription] { shared.sessions }

    /// The transport for a `GRPCServer` of the services the broker itself serves.
    ///
    /// Ask once: a listener has one. Calls to methods that the server registered go to it.
    public var serverTransport: Listener.Server {
        shared.intake.take()
        return Server(intake: shared.intake)
    }

    /// Tells the dispatcher how many events a session works on beside its forwarded calls.
    ///
    /// Calls and events share the concurrency a worker declared.
    ///
    /// - Parameters:
    ///   - events: Deliveries the session holds now.
    ///   - session: The number of the session.
    public func setEvents(_ events: Int, ofSession session: UInt64) {
        mailbox.post(.events(events, session: session), weight: 0)
    }

    /// Sends what `body` gives to raw streams as one: by the calling thread if it is little and the
    /// socket's thread sleeps.
    ///
    /// One thread at a time may call it. Receivers may be called meanwhile (``RawReceiver``).
    ///
    /// - Parameter body: Gives messages to streams; it must not block.
    public func sendTogether(_ body: () -> Void) {
        mailbox.together(body)
    }

    /// Waits until a peer has taken in everything that was sent to it so far.
    ///
    /// Pings are answered in the order of what comes, so no time has to be guessed.
    ///
    /// - Parameter session: The number of the peer's session.
    /// - Returns: How many calls forwarded to it were under way when it was asked, all of which it has
    ///   by now; nil when there is no such session, or it ended meanwhile.
    public func roundTrip(ofSession session: UInt64) async -> Int? {
        await withCheckedContinuation { continuation in
            let answer: RoundTrip.Answer = { continuation.resume(returning: $0) }
            if !mailbox.post(.roundTrip(session: session, answer)) { answer(nil) }
        }
    }

    /// Refuses new calls, waits for the open ones, says goodbye to every session and stops.
    ///
    /// Raw streams count as open calls: finish those that would go on for ever first.
    ///
    /// - Parameter limit: How long to wait for open calls; what is left then is cut.
    public func drain(within limit: Duration) async {
        shared.intake.shutDown()
        mailbox.post(.drain(until: .now.advanced(by: limit)))
        await lifetime.ended()
    }

    /// Ends every session at once and stops the thread; harmless when called again.
    public func stop() async {
        shared.intake.shutDown()
        mailbox.post(.stop)
        await lifetime.ended()
    }

    /// The broker's own services on a listener, as GRPCCore wants them.
    public final class Server: ServerTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        private let intake: ServerIntake

        init(intake: ServerIntake) {
            self.intake = intake
        }

        /// Takes the list of methods to serve locally; `GRPCServer` calls it.
        ///
        /// - Parameter context: The methods.
        public func configure(context: GRPCServerContext) {
            intake.configure(context)
        }

        /// Runs every local call through `streamHandler`; `GRPCServer` calls it.
        ///
        /// - Parameter streamHandler: Handles one call.
        /// - Throws: `RPCError` with code `.failedPrecondition` when called twice or after stopping.
        public func listen(
            streamHandler:
                @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
        ) async throws {
            try await intake.listen(streamHandler)
        }

        /// Refuses new local calls and lets the open ones finish; `GRPCServer` calls it.
        public func beginGracefulShutdown() {
            intake.shutDown()
        }
    }
}

extension Listener {
    private func bindAndRun() throws {
        do {
            let context = try Context()
            let guardian = try makeAuthenticator(context)
            let socket = try Socket(.router, in: context)
            try socket.set(.routerMandatory)
            try socket.set(.maximumMessageSize(Int64(TransportLimits.maximumSocketMessageBytes)))
            try socket.set(.heartbeat(interval: 2_000, timeout: 6_000))
            try socket.set(
                .handshake(Int32(ConnectionGuard.handshakeTime.components.seconds * 1_000)))
            try socket.set(.linger(0))
            try socket.set(.backlog(1_024))
            // Credit bounds what a peer that reads can have waiting: far below this.
            try socket.set(.sendHighWater(10_000))
            // With the largest part, 32 MiB of a peer that we do not get round to read.
            try socket.set(.receiveHighWater(256))
            if configuration.endpoints.contains(where: \.isIPv6) { try socket.set(.ipv6) }
            let monitor = try socket.monitor(name: "listener")
            var locks: [SocketLock] = []
            var endpoints: [Endpoint] = []
            for endpoint in configuration.endpoints {
                try secure(socket, for: endpoint)
                if case .ipc(let path) = endpoint {
                    locks.append(try SocketLock(path: path))
                    try bindPrivately(socket, endpoint)
                    endpoints.append(endpoint)
                } else {
                    try bind(socket, endpoint)
                    endpoints.append(try Endpoint(socket.lastEndpoint()))
                }
            }
            try guardian.map { try test($0, endpoints) }
            bound.withLock { $0 = endpoints }
            let core = ListenerCore(
                configuration: configuration, shared: shared, mailbox: mailbox, socket: socket,
                monitor: monitor, localPeer: endpoints[0].description)
            let parcel = Parcel(core)
            let lifetime = lifetime
            let held = locks
            try OwnedThread.start(name: "barid-router") {
                // libzmq removes the socket file when the core lets it go; only then may another
                // listener have the path.
                parcel.open { $0.run() }
                withExtendedLifetime(held) {}
                guardian?.stop()
                lifetime.end()
            }
        } catch let error as ZeroMQError {
            throw RPCError(code: .unavailable, message: "the listener cannot start: \(error)")
        }
    }

    /// Binds what answers for keys, before any socket that asks.
    private func makeAuthenticator(_ context: Context) throws(ZeroMQError) -> Authenticator? {
        guard let keys = configuration.keys else { return nil }
        let mailbox = mailbox
        let guardian = try Authenticator(
            context: context, keys: keys, audit: configuration.audit, logger: configuration.logger
        ) { mailbox.post(.keysChanged) }
        authenticator.withLock { $0 = guardian }
        return guardian
    }

    /// Sets what the next bind asks of who connects: libzmq keeps these options for each bind.
    private func secure(_ socket: Socket, for endpoint: Endpoint) throws(ZeroMQError) {
        guard let keys = configuration.keys else { return }
        if configuration.asksForKey(endpoint) {
            try socket.set(.zapDomain(ZAPExchange.keyDomain))
            try socket.set(.curveServer(secret: keys.serverKey.secret))
        } else {
            try socket.set(.curveOff)
            try socket.set(.zapDomain(ZAPExchange.localDomain))
        }
    }

    /// Shows that every endpoint with keys lets in whom it should, and nobody else.
    private func test(_ guardian: Authenticator, _ endpoints: [Endpoint]) throws {
        guard let keys = configuration.keys else { return }
        let known = try KeyPair()
        guardian.setProbe(known.publicKey)
        defer { guardian.setProbe(nil) }
        do {
            for (asked, endpoint) in zip(configuration.endpoints, endpoints)
            where configuration.asksForKey(asked) {
                try SecuritySelfTest.run(
                    endpoint, serverKey: keys.serverKey.publicKey, known: known)
            }
        } catch {
            guardian.stop()
            throw error
        }
    }

    private func bind(_ socket: Socket, _ endpoint: Endpoint) throws(RPCError) {
        do {
            try socket.bind(endpoint.description)
        } catch {
            throw RPCError(code: .unavailable, message: "cannot listen on \(endpoint): \(error)")
        }
    }

    /// Binds so that the socket file is the owner's alone from its first moment.
    private func bindPrivately(_ socket: Socket, _ endpoint: Endpoint) throws(RPCError) {
        let mask = umask(0o077)
        defer { umask(mask) }
        try bind(socket, endpoint)
    }
}

extension Listener.Configuration {
    /// Whether who connects to an endpoint needs a key.
    func asksForKey(_ endpoint: Endpoint) -> Bool {
        switch endpoint {
        case .ipc: false
        case .tcp: !(endpoint.isOnThisMachine && allowsLocalUsers)
        }
    }
}
