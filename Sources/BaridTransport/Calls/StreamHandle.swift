internal import GRPCCore
internal import Synchronization

/// What a task, a raw handler or anybody else holds of a stream: a way to give orders about it.
///
/// `link`, `id` and `sink` belong to who has the turn of the socket (``SocketTurn``); everything else is
/// behind a mutex.
final class StreamHandle: @unchecked Sendable {
    /// What can be ordered from any thread.
    enum Order: Sendable {
        case open(method: String, rest: [UInt8], deadline: ContinuousClock.Instant?)
        case headers([UInt8])
        case message([UInt8], exempt: Bool)
        case halfClose
        case finish(StatusBody)
        case cancel(CancelBody)
        case release(charge: Int, exempt: Int)
    }

    /// The session of the stream; kept when the stream is over, as credit is returned later.
    var link: PeerLink?

    /// Whether the stream is open on that session.
    var isBound = false

    /// The number of the stream on that session.
    var id: UInt32 = 0

    /// Bytes that the application returns by hand and has not yet; nil where it does not.
    var heldByHand: Int?

    /// Takes what the peer sends; nil once the stream is over.
    var sink: (any StreamSink)?

    private let mailbox: Mailbox<SocketOrder>
    private let state = Mutex(State())

    private struct State {
        var unsentBytes = 0
        var end: RPCError?
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// A writer waits above that many unsent bytes: about four full ZeroMQ messages.
    private static let highWater = 256 << 10
    private static let lowWater = 128 << 10
    init(mailbox: Mailbox<SocketOrder>) {
        self.mailbox = mailbox
    }

    var unsentBytes: Int { state.withLock { $0.unsentBytes } }

    /// Whether the stream is over, as far as anybody outside of the socket thread can know.
    var isOver: Bool { state.withLock { $0.end != nil } }

    @discardableResult
    func post(_ order: Order) -> Bool {
        mailbox.post(.stream(self, order))
    }

    /// Returns credit, soon.
    func release(charge: Int, exempt: Int) {
        guard charge > 0 || exempt > 0 else { return }
        mailbox.postQuietly(
            .stream(self, .release(charge: charge, exempt: exempt)), bytes: charge + exempt)
    }

    /// Queues a message without waiting.
    ///
    /// - Parameters:
    ///   - message: The bytes of one gRPC message.
    ///   - exempt: Whether it leaves without credit.
    ///   - atOnce: Whether it is a batch of its own: then this thread sends it if the socket's sleeps.
    /// - Returns: Whether too much is unsent now.
    /// - Throws: `RPCError` that says why the stream is over.
    @discardableResult
    func send(
        _ message: [UInt8], exempt: Bool, atOnce: Bool = false
    ) throws(RPCError) -> Bool {
        let result: Result<Int, RPCError> = state.withLock { state in
            if let end = state.end { return .failure(end) }
            state.unsentBytes += message.count
            return .success(state.unsentBytes)
        }
        let unsent = try result.get()
        let order = Order.message(message, exempt: exempt)
        guard mailbox.post(.stream(self, order), weight: atOnce ? unsent : .max) else {
            throw RPCError(code: .unavailable, message: "the connection is closed")
        }
        return unsent > Self.highWater
    }

    /// Waits until few bytes are unsent.
    ///
    /// - Throws: `RPCError` that says why the stream is over, `CancellationError`.
    func waitForRoom() async throws {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if let end = state.end { return .failure(end) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.unsentBytes <= Self.lowWater { return .success(()) }
                    state.waiters[number] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Notes, by who has the turn of the socket, that bytes left or never will.
    func didSend(_ bytes: Int) {
        let (waiters, isEmpty) = state.withLock { state in
            state.unsentBytes -= bytes
            // Who sends on a stream that is over hears of its end instead.
            let isEmpty = state.unsentBytes == 0 && state.end == nil
            guard state.unsentBytes <= Self.lowWater, !state.waiters.isEmpty else {
                return ([UInt64: CheckedContinuation<Void, any Error>](), isEmpty)
            }
            defer { state.waiters = [:] }
            return (state.waiters, isEmpty)
        }
        for waiter in waiters.values { waiter.resume() }
        if isEmpty { sink?.sent() }
    }

    /// Marks the stream as over and lets every waiting writer know.
    func close(_ end: RPCError) {
        let waiters = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(throwing: end) }
    }
}

/// An order for a socket thread.
enum SocketOrder: Sendable {
    case stream(StreamHandle, StreamHandle.Order)
    /// Deliveries a session of that number works on; for listeners.
    case events(Int, session: UInt64)
    /// Tell when a session's peer has taken in what was sent to it; for listeners.
    case roundTrip(session: UInt64, RoundTrip.Answer)
    /// Keys or rights changed; for listeners.
    case keysChanged
    /// Take no new calls; stop when none is open or the time is over.
    case drain(until: ContinuousClock.Instant)
    /// Serve no new calls, and let the broker know; for connections.
    case stopServing
    case stop
}
