public import GRPCCore
internal import Synchronization

extension Connection {
    /// The calling side of a connection, as GRPCCore wants it.
    public final class Client: ClientTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        private struct State {
            var isShutDown = false
            var calls: [ObjectIdentifier: StreamHandle] = [:]
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        private let connection: Connection
        private let state = Mutex(State())

        init(connection: Connection) {
            self.connection = connection
        }

        /// No retry throttling: the connection reconnects, the caller decides on retries.
        public var retryThrottle: RetryThrottle? { nil }

        /// Starts the connection and returns once this view was shut down and its calls ended.
        ///
        /// Cancelling the task cancels the calls.
        ///
        /// - Throws: `RPCError` with code `.unavailable` if the connection cannot start.
        public func connect() async throws {
            try connection.start()
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isOver = state.withLock { state in
                        if state.isShutDown, state.calls.isEmpty { return true }
                        state.waiters.append(continuation)
                        return false
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                let handles = state.withLock { state in
                    state.isShutDown = true
                    return Array(state.calls.values)
                }
                for handle in handles {
                    handle.post(.cancel(CancelBody(text: "the client was stopped")))
                }
                resumeIfOver()
            }
        }

        /// Refuses new calls of this view; open ones may finish.
        public func beginGracefulShutdown() {
            state.withLock { $0.isShutDown = true }
            resumeIfOver()
        }

        /// Opens a stream for one call and closes it when `closure` returns.
        ///
        /// - Parameters:
        ///   - descriptor: The method.
        ///   - options: Options of the call; its time limit travels in the metadata.
        ///   - closure: Works with the stream.
        /// - Returns: What `closure` returns.
        /// - Throws: `RPCError` with code `.failedPrecondition` if the view or the connection is
        ///   closed, `.permissionDenied` if the broker does not let us in; and what `closure` throws, which sees `.unavailable` if no session came in
        ///   time or it was lost.
        public func withStream<T: Sendable>(
            descriptor: MethodDescriptor, options: CallOptions,
            _ closure: (RPCStream<Inbound, Outbound>, ClientContext) async throws -> T
        ) async throws -> T {
            try connection.checkUsable()
            let handle = StreamHandle(mailbox: connection.mailbox)
            let key = ObjectIdentifier(handle)
            let isOpen = state.withLock { state in
                guard !state.isShutDown else { return false }
                state.calls[key] = handle
                return true
            }
            guard isOpen else {
                throw RPCError(code: .failedPrecondition, message: "the client is shut down")
            }
            let inbox = Inbox<RPCResponsePart<[UInt8]>>(handle: handle)
            handle.sink = ClientSink(inbox: inbox)
            let method = descriptor.fullyQualifiedMethod
            let configuration = connection.configuration
            let writer = ClientWriter(
                handle: handle, method: method,
                maximumMessageBytes: configuration.limits.clamped().maximumMessageBytes,
                isExempt: configuration.creditExemptMethods.contains(method))
            let stream = RPCStream(
                descriptor: descriptor, inbound: RPCAsyncSequence(wrapping: inbox),
                outbound: RPCWriter.Closable(wrapping: writer))
            let context = ClientContext(
                descriptor: descriptor, remotePeer: configuration.endpoint.description,
                localPeer: configuration.registration.name)
            defer {
                // A call that has no status yet is not wanted any more.
                if !handle.isOver {
                    handle.post(.cancel(CancelBody(text: "the caller wants no more of it")))
                }
                inbox.abandon()
                state.withLock { $0.calls[key] = nil }
                resumeIfOver()
            }
            return try await withTaskCancellationHandler {
                try await closure(stream, context)
            } onCancel: {
                handle.post(.cancel(CancelBody(text: "the caller cancelled")))
            }
        }

        /// There is no configuration by method.
        ///
        /// - Parameter descriptor: The method.
        /// - Returns: Always nil.
        public func config(forMethod descriptor: MethodDescriptor) -> MethodConfig? { nil }

        private func resumeIfOver() {
            let waiters = state.withLock { state in
                guard state.isShutDown, state.calls.isEmpty else {
                    return [CheckedContinuation<Void, Never>]()
                }
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }
}
