public import GRPCCore
public import Logging

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

        /// Sessions at once; the next hello is refused.
        ///
        /// The default is 4,096.
        public var maximumSessions = 4_096

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
    /// - Throws: `RPCError` with code `.invalidArgument` if an endpoint is refused or none is given.
    public init(_ configuration: Configuration) throws {
        preconditionFailure("lands next")
    }

    /// Binds the endpoints and starts the socket thread.
    ///
    /// An ipc endpoint's folder is created with mode 0700 if it is missing, and `PATH.lock` is held
    /// while the listener runs, so that a second broker cannot take the path over.
    ///
    /// - Throws: `RPCError` with code `.alreadyExists`, naming the process, if another listener holds
    ///   the path; `.unavailable`, naming the endpoint, if binding fails; `.failedPrecondition` if the
    ///   listener was started before.
    public func start() throws {
        preconditionFailure("lands next")
    }

    /// The endpoints as bound: a TCP port 0 is replaced by the port the system chose.
    public var endpoints: [Endpoint] {
        preconditionFailure("lands next")
    }

    /// The sessions of this moment, oldest first.
    public var sessions: [SessionDescription] {
        preconditionFailure("lands next")
    }

    /// The transport for a `GRPCServer` of the services the broker itself serves.
    ///
    /// Ask once: a listener has one. Calls to methods that the server registered go to it.
    public var serverTransport: Listener.Server {
        preconditionFailure("lands next")
    }

    /// Tells the dispatcher how many events a session works on beside its forwarded calls.
    ///
    /// Calls and events share the concurrency a worker declared.
    ///
    /// - Parameters:
    ///   - events: Deliveries the session holds now.
    ///   - session: The number of the session.
    public func setEvents(_ events: Int, ofSession session: UInt64) {
        preconditionFailure("lands next")
    }

    /// Refuses new calls, waits for the open ones, says goodbye to every session and stops.
    ///
    /// - Parameter limit: How long to wait for open calls; what is left then is cut.
    public func drain(within limit: Duration) async {
        preconditionFailure("lands next")
    }

    /// Ends every session at once and stops the thread; harmless when called again.
    public func stop() async {
        preconditionFailure("lands next")
    }

    /// The broker's own services on a listener, as GRPCCore wants them.
    public final class Server: ServerTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        init() {}

        /// Takes the list of methods to serve locally; `GRPCServer` calls it.
        ///
        /// - Parameter context: The methods.
        public func configure(context: GRPCServerContext) {
            preconditionFailure("lands next")
        }

        /// Runs every local call through `streamHandler`; `GRPCServer` calls it.
        ///
        /// - Parameter streamHandler: Handles one call.
        /// - Throws: `RPCError` with code `.failedPrecondition` when called twice or after stopping.
        public func listen(
            streamHandler:
                @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
        ) async throws {
            preconditionFailure("lands next")
        }

        /// Refuses new local calls and lets the open ones finish; `GRPCServer` calls it.
        public func beginGracefulShutdown() {
            preconditionFailure("lands next")
        }
    }
}
