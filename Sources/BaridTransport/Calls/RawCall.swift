package import GRPCCore
internal import Synchronization

/// Takes what comes back on a ``RawCall``.
///
/// Both methods are called on the socket thread, one at a time and in order, and must not block.
package protocol RawCallReceiver: AnyObject, Sendable {
    /// Takes one message, whole and in an array of its own; its credit returns to the peer afterwards.
    ///
    /// - Parameter message: The bytes of one gRPC message.
    /// - Throws: `RPCError` to cancel the call, which ends with it; nothing else is received then.
    func received(_ message: [UInt8]) throws(RPCError)

    /// Everything given to ``RawCall/send(_:)`` so far has left: the sender may go on.
    func sent()
}

/// The calling side of one streaming call, on the socket thread's callbacks instead of tasks.
///
/// A message costs an append to a mailbox, and an answer no wake-up of a task, which is what counts
/// where messages are many and small. There is no flow control but ``RawCallReceiver/sent()``: wait
/// for it before you send more. Await ``end()``, or cancel: a call that is dropped goes on. Every
/// method may be called from any thread, and does nothing once the call is over.
package final class RawCall: Sendable {
    private struct State {
        /// Why this side gave the call up, which counts more than how it ended.
        var failure: RPCError?
        var result: Result<Void, RPCError>?
        var waiters: [CheckedContinuation<Result<Void, RPCError>, Never>] = []
    }

    private let handle: StreamHandle
    private let receiver: any RawCallReceiver
    private let maximumMessageBytes: Int
    private let isExempt: Bool
    private let state = Mutex(State())

    fileprivate init(
        handle: StreamHandle, receiver: any RawCallReceiver, maximumMessageBytes: Int,
        isExempt: Bool
    ) {
        self.handle = handle
        self.receiver = receiver
        self.maximumMessageBytes = maximumMessageBytes
        self.isExempt = isExempt
    }

    /// Sends one message; one that is too large ends the call RESOURCE_EXHAUSTED.
    ///
    /// - Parameter message: The bytes of one gRPC message.
    package func send(_ message: [UInt8]) {
        do {
            try message.check(maximum: maximumMessageBytes)
        } catch {
            return cancel(error)
        }
        // Once the call is over, `end()` says why.
        _ = try? handle.send(message, exempt: isExempt)
    }

    /// Sends no more messages; the peer's status is awaited still.
    package func halfClose() {
        handle.post(.halfClose)
    }

    /// Ends the call at once; what is queued does not leave.
    ///
    /// - Parameter error: What ``end()`` throws. The default is CANCELLED.
    package func cancel(
        _ error: RPCError = RPCError(code: .cancelled, message: "the caller cancelled")
    ) {
        let isFirst = state.withLock { state in
            guard state.failure == nil, state.result == nil else { return false }
            state.failure = error
            return true
        }
        guard isFirst else { return }
        handle.post(.cancel(CancelBody(code: Status.Code(error.code), text: error.message)))
    }

    /// Waits for the end of the call; cancelling the task that waits cancels the call.
    ///
    /// - Throws: `RPCError`: the peer's status unless it is OK, what the receiver threw,
    ///   `.unavailable` if no session came in time or it was lost, or `.cancelled`.
    package func end() async throws(RPCError) {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.waiters.append(continuation) }
                    return state.result
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            cancel()
        }
        try result.get()
    }
}

extension RawCall: StreamSink {
    func headers(_ metadata: Metadata) {}

    func message(_ bytes: [UInt8], charge: Int, exempt: Bool) -> MessageRelease {
        guard state.withLock({ $0.failure == nil }) else { return .now }
        do {
            try receiver.received(bytes)
        } catch {
            cancel(error)
        }
        return .now
    }

    func sent() { receiver.sent() }

    func halfClosed() {}

    func ended(_ end: StreamEnd) {
        var result: Result<Void, RPCError> = .failure(end.error)
        if case .status(let body) = end, body.status.code == .ok { result = .success(()) }
        let waiters = state.withLock { state in
            if let failure = state.failure { result = .failure(failure) }
            state.result = result
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }
}

extension Connection {
    /// Opens a call without metadata and time limit; starts the connection if nobody did.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - receiver: Takes what comes back; held until the call is over.
    /// - Returns: The call.
    /// - Throws: `RPCError` with code `.failedPrecondition` if the connection is closed or refused,
    ///   `.permissionDenied` if the broker does not let us in, `.unavailable` if it cannot start.
    package func call(
        _ method: MethodDescriptor, receiver: any RawCallReceiver
    ) throws(RPCError) -> RawCall {
        try checkUsable()
        try start()
        let name = method.fullyQualifiedMethod
        let rest = try OpenBody(method: name, remaining: nil, metadata: [:]).encodeRest()
        let handle = StreamHandle(mailbox: mailbox)
        let call = RawCall(
            handle: handle, receiver: receiver,
            maximumMessageBytes: configuration.limits.clamped().maximumMessageBytes,
            isExempt: configuration.creditExemptMethods.contains(name))
        handle.sink = call
        guard handle.post(.open(method: name, rest: rest, deadline: nil)) else {
            handle.sink = nil  // Else the two would keep each other for ever.
            throw RPCError(code: .unavailable, message: "the connection is closed")
        }
        return call
    }
}
