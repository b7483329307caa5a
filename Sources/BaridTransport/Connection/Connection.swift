public import GRPCCore
public import Logging

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
        /// The default is 10 s.
        public var maximumBackoff = Duration.seconds(10)

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

        /// The connection was closed by its owner.
        case closed
    }

    /// Creates a connection; nothing happens until ``start()``, a call, or a server's `listen`.
    ///
    /// - Parameter configuration: The settings.
    /// - Throws: `RPCError` with code `.invalidArgument` if the endpoint is refused.
    public init(_ configuration: Configuration) throws {
        preconditionFailure("lands next")
    }

    /// Starts the socket thread and tries for a session; harmless when called again.
    ///
    /// - Throws: `RPCError` with code `.unavailable` if the socket cannot be made.
    public func start() throws {
        preconditionFailure("lands next")
    }

    /// Where the connection stands now.
    public var state: State {
        preconditionFailure("lands next")
    }

    /// The state of this moment and every later one; ends after `closed` or `refused`.
    ///
    /// A reader that is slow sees the newest 64 states.
    public var states: AsyncStream<State> {
        preconditionFailure("lands next")
    }

    /// Waits until there is a session.
    ///
    /// - Parameter limit: How long to wait.
    /// - Returns: What the broker told us.
    /// - Throws: `RPCError` with code `.unavailable` when the time is over or the connection was
    ///   closed, `.failedPrecondition` when the broker refused us, `.cancelled` when the task was.
    @discardableResult
    public func waitUntilReady(within limit: Duration) async throws -> SessionInfo {
        preconditionFailure("lands next")
    }

    /// A transport for a `GRPCClient` of the broker's services and of those it forwards to.
    ///
    /// Each access makes a new view; shutting a view down leaves the connection as it is.
    public var clientTransport: Connection.Client {
        preconditionFailure("lands next")
    }

    /// The transport for a `GRPCServer` of the services in the registration.
    ///
    /// Ask once: a connection has one.
    public var serverTransport: Connection.Server {
        preconditionFailure("lands next")
    }

    /// Refuses new calls, waits for the open ones, says goodbye and closes.
    ///
    /// - Parameter limit: How long to wait for open calls; what is left then is cut.
    public func drain(within limit: Duration) async {
        preconditionFailure("lands next")
    }

    /// Cuts every call, says goodbye and stops the thread; harmless when called again.
    public func close() async {
        preconditionFailure("lands next")
    }

    /// The calling side of a connection, as GRPCCore wants it.
    public final class Client: ClientTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        init() {}

        /// No retry throttling: the connection reconnects, the caller decides on retries.
        public var retryThrottle: RetryThrottle? { nil }

        /// Starts the connection and returns once this view was shut down and its calls ended.
        public func connect() async throws {
            preconditionFailure("lands next")
        }

        /// Refuses new calls of this view; open ones may finish.
        public func beginGracefulShutdown() {
            preconditionFailure("lands next")
        }

        /// Opens a stream for one call and closes it when `closure` returns.
        ///
        /// - Parameters:
        ///   - descriptor: The method.
        ///   - options: Options of the call; the transport uses its time limit.
        ///   - closure: Works with the stream.
        /// - Returns: What `closure` returns.
        /// - Throws: `RPCError` with code `.failedPrecondition` if the view or the connection is
        ///   closed, `.unavailable` if no session came in time; and what `closure` throws.
        public func withStream<T: Sendable>(
            descriptor: MethodDescriptor, options: CallOptions,
            _ closure: (RPCStream<Inbound, Outbound>, ClientContext) async throws -> T
        ) async throws -> T {
            preconditionFailure("lands next")
        }

        /// There is no configuration by method.
        ///
        /// - Parameter descriptor: The method.
        /// - Returns: Always nil.
        public func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { nil }
    }

    /// The serving side of a connection, as GRPCCore wants it.
    public final class Server: ServerTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        init() {}

        /// Starts the connection and runs every call the broker opens through `streamHandler`.
        ///
        /// - Parameter streamHandler: Handles one call.
        /// - Throws: `RPCError` with code `.failedPrecondition` when called twice or after closing.
        public func listen(
            streamHandler:
                @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
        ) async throws {
            preconditionFailure("lands next")
        }

        /// Refuses new calls and lets the open ones finish.
        public func beginGracefulShutdown() {
            preconditionFailure("lands next")
        }
    }
}
