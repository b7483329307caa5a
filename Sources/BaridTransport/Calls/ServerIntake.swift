internal import GRPCCore
internal import Synchronization

/// Calls that peers opened, on their way to a `GRPCServer` in this process.
final class ServerIntake: Sendable {
    typealias Inbound = RPCAsyncSequence<RPCRequestPart<[UInt8]>, any Error>
    typealias Outbound = RPCWriter<RPCResponsePart<[UInt8]>>.Closable

    /// One call.
    struct Call: Sendable {
        var handle: StreamHandle
        var inbox: Inbox<RPCRequestPart<[UInt8]>>
        var descriptor: MethodDescriptor
        var remotePeer: String
        var localPeer: String
        var session: SessionDescription?
        var maximumMessageBytes: Int
        var cancellation: CallCancellation

        /// Makes the call of a stream that a peer opened, ready to take what arrives.
        init(
            handle: StreamHandle, open: OpenBody, descriptor: MethodDescriptor,
            remotePeer: String, localPeer: String, session: SessionDescription?,
            maximumMessageBytes: Int
        ) {
            self.handle = handle
            self.descriptor = descriptor
            self.remotePeer = remotePeer
            self.localPeer = localPeer
            self.session = session
            self.maximumMessageBytes = maximumMessageBytes
            inbox = Inbox(handle: handle)
            cancellation = CallCancellation()
            var metadata = open.metadata
            if let remaining = open.remaining {
                metadata.addString(GRPCTimeout.text(remaining), forKey: GRPCTimeout.key)
            }
            _ = inbox.deliver(.metadata(metadata))
            handle.sink = ServerSink(inbox: inbox, cancellation: cancellation)
        }
    }

    private struct State {
        /// Nil until the server said what it serves.
        var services: Set<String>?
        var wasTaken = false
        var isListening = false
        var isShutDown = false
        var calls: [ObjectIdentifier: StreamHandle] = [:]
    }

    private let state = Mutex(State())
    private let calls: AsyncStream<Call>
    private let continuation: AsyncStream<Call>.Continuation

    init() {
        (calls, continuation) = AsyncStream.makeStream()
    }

    /// Whether somebody asked for the transport, so that calls will be handled.
    var isTaken: Bool { state.withLock { $0.wasTaken } }

    func take() { state.withLock { $0.wasTaken = true } }

    func configure(_ context: GRPCServerContext) {
        let services = Set(context.methods.map(\.service.fullyQualifiedService))
        state.withLock { $0.services = services }
    }

    /// Whether the server serves that, or nil while there is a server that has not said yet.
    func serves(_ service: String) -> Bool? {
        state.withLock { state in
            guard let services = state.services else { return state.wasTaken ? nil : false }
            return services.contains(service)
        }
    }

    /// Hands a call over, on the socket thread; false when no more are taken.
    func offer(_ call: Call) -> Bool {
        guard state.withLock({ !$0.isShutDown }) else { return false }
        if case .enqueued = continuation.yield(call) { return true }
        return false
    }

    func shutDown() {
        state.withLock { $0.isShutDown = true }
        continuation.finish()
    }

    func listen(
        _ streamHandler:
            @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async throws {
        let isFirst = state.withLock { state in
            defer { state.isListening = true }
            return !state.isListening
        }
        guard isFirst else {
            throw RPCError(code: .failedPrecondition, message: "the transport serves already")
        }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await call in calls {
                    group.addTask { await self.run(call, streamHandler) }
                }
            }
        } onCancel: {
            shutDown()
            let open = state.withLock { Array($0.calls.values) }
            for handle in open { handle.post(.finish(Self.stopped)) }
        }
    }

    private func run(
        _ call: Call,
        _ streamHandler: @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async {
        let key = ObjectIdentifier(call.handle)
        state.withLock { $0.calls[key] = call.handle }
        let writer = ServerWriter(
            handle: call.handle, maximumMessageBytes: call.maximumMessageBytes)
        await withServerContextRPCCancellationHandle { cancellation in
            call.cancellation.connect(cancellation)
            var context = ServerContext(
                descriptor: call.descriptor, remotePeer: call.remotePeer,
                localPeer: call.localPeer, cancellation: cancellation)
            context.transportSpecific = call.session
            let stream = RPCStream(
                descriptor: call.descriptor, inbound: RPCAsyncSequence(wrapping: call.inbox),
                outbound: RPCWriter.Closable(wrapping: writer))
            await streamHandler(stream, context)
        }
        // A call always ends with a status: this one counts only if the handler sent none.
        writer.end(Self.unfinished)
        call.inbox.abandon()
        state.withLock { $0.calls[key] = nil }
    }

    private static var stopped: StatusBody {
        StatusBody(Status(code: .unavailable, message: "the server is stopping"))
    }

    private static var unfinished: StatusBody {
        StatusBody(Status(code: .internalError, message: "the handler ended without a status"))
    }
}

/// Lets the socket thread cancel a call, also before its task has begun.
final class CallCancellation: Sendable {
    private enum State {
        case waiting
        case connected(ServerContext.RPCCancellationHandle)
        case cancelled
    }

    private let state = Mutex(State.waiting)

    func connect(_ handle: ServerContext.RPCCancellationHandle) {
        let isCancelled = state.withLock { state in
            if case .cancelled = state { return true }
            state = .connected(handle)
            return false
        }
        if isCancelled { handle.cancel() }
    }

    func cancel() {
        let previous = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .connected(let handle) = previous { handle.cancel() }
    }
}

/// Takes what arrives on a call that a `GRPCServer` handles.
final class ServerSink: StreamSink {
    private let inbox: Inbox<RPCRequestPart<[UInt8]>>
    private let cancellation: CallCancellation

    init(inbox: Inbox<RPCRequestPart<[UInt8]>>, cancellation: CallCancellation) {
        self.inbox = inbox
        self.cancellation = cancellation
    }

    func headers(_ metadata: Metadata) {}

    func message(_ bytes: [UInt8], charge: Int, exempt: Bool) -> MessageRelease {
        let isTaken = inbox.deliver(
            .message(bytes), charge: charge, exempt: exempt ? bytes.count : 0)
        return isTaken ? .later : .now
    }

    func halfClosed() {
        inbox.finish(.success(()))
    }

    func ended(_ end: StreamEnd) {
        inbox.finish(.failure(end.error))
        if case .finished = end { return }
        cancellation.cancel()
    }
}

/// Writes the response of a call that a `GRPCServer` handles.
final class ServerWriter: ClosableRPCWriterProtocol {
    private let handle: StreamHandle
    private let maximumMessageBytes: Int
    private let ended = Atomic(false)

    init(handle: StreamHandle, maximumMessageBytes: Int) {
        self.handle = handle
        self.maximumMessageBytes = maximumMessageBytes
    }

    /// Ends the call; only the first status counts.
    func end(_ body: StatusBody) {
        guard !ended.exchange(true, ordering: .relaxed) else { return }
        handle.post(.finish(body))
    }

    func write(_ element: RPCResponsePart<[UInt8]>) async throws {
        switch element {
        case .metadata(let metadata):
            var body: [UInt8] = []
            try MetadataCodec.encode(metadata, into: &body)
            handle.post(.headers(body))
        case .message(let bytes):
            try bytes.check(maximum: maximumMessageBytes)
            if try handle.send(bytes, exempt: false) { try await handle.waitForRoom() }
        case .status(let status, let metadata):
            end(StatusBody(status, metadata: metadata))
        }
    }

    func write(contentsOf elements: some Sequence<RPCResponsePart<[UInt8]>>) async throws {
        for element in elements { try await write(element) }
    }

    func finish() async {}

    func finish(throwing error: any Error) async {
        let status = Status(code: .unknown, message: "the response failed")
        end(StatusBody((error as? RPCError).map { Status($0) } ?? status))
    }
}

extension Status {
    /// The status that tells a peer of an error.
    init(_ error: RPCError) {
        self.init(code: Code(error.code), message: error.message)
    }
}

extension [UInt8] {
    /// Refuses a message over the limit before anything of it is sent.
    func check(maximum: Int) throws(RPCError) {
        guard count <= maximum else {
            throw RPCError(
                code: .resourceExhausted,
                message: "a message of \(count) bytes; at most \(maximum) are allowed")
        }
    }
}
