public import GRPCCore
internal import Synchronization

/// The answering side of one call that a ``RawHandler`` serves.
///
/// Every method may be called from any thread, costs an append to a mailbox (and one wake-up a
/// batch), and does nothing once the stream is over.
public final class RawStream: Sendable {
    /// The method called, such as `barid.bus.v1.EventBus/Publish`.
    public let method: MethodDescriptor

    /// The metadata the peer opened the call with.
    public let metadata: Metadata

    /// The session the call came in on.
    public let session: SessionDescription

    /// When the call's time is over, if the peer set a limit; the transport enforces it.
    public let deadline: ContinuousClock.Instant?

    private let handle: StreamHandle
    private let maximumMessageBytes: Int

    init(
        handle: StreamHandle, method: MethodDescriptor, metadata: Metadata,
        session: SessionDescription, deadline: ContinuousClock.Instant?, maximumMessageBytes: Int
    ) {
        self.handle = handle
        self.method = method
        self.metadata = metadata
        self.session = session
        self.deadline = deadline
        self.maximumMessageBytes = maximumMessageBytes
    }

    /// Bytes handed to `send` that wait for the peer's credit or the socket.
    ///
    /// A handler that has no flow control of its own should stop sending above a few hundred KiB.
    public var unsentBytes: Int { handle.unsentBytes }

    /// Sends the response's initial metadata; without it, empty metadata precede the first message.
    ///
    /// - Parameter headers: The metadata. A second call, or one after `send`, does nothing.
    /// - Throws: `RPCError` with code `.resourceExhausted` or `.internalError` for metadata that
    ///   cannot be sent.
    public func sendHeaders(_ headers: Metadata) throws(RPCError) {
        var body: [UInt8] = []
        try MetadataCodec.encode(headers, into: &body)
        handle.post(.headers(body))
    }

    /// Sends one message; once the stream is over, drops it.
    ///
    /// A small one may leave from the calling thread, on which receivers may be told of an end then:
    /// hold no lock that they take.
    ///
    /// - Parameters:
    ///   - message: The bytes of one gRPC message.
    ///   - exempt: Whether the message goes out without stream or session credit: for answers that
    ///     free memory at the peer, such as the results of settling. The default is false.
    /// - Throws: `RPCError` with code `.resourceExhausted`, naming both numbers, if the message is
    ///   larger than the limit; nothing was sent then.
    public func send(_ message: [UInt8], exempt: Bool = false) throws(RPCError) {
        try message.check(maximum: maximumMessageBytes)
        do {
            try handle.send(message, exempt: exempt, atOnce: true)
        } catch {
            return  // The stream is over, which its receiver is told.
        }
    }

    /// Ends the call after everything already sent.
    ///
    /// - Parameters:
    ///   - status: The status; `Status(code: .ok, message: "")` for success.
    ///   - metadata: The trailers.
    public func finish(_ status: Status, metadata: Metadata = [:]) {
        handle.post(.finish(StatusBody(status, metadata: metadata)))
    }

    /// Leaves it to the caller to return the credit of messages, by ``returnCredit(bytes:)``.
    ///
    /// Call it in ``RawHandler/opened(_:)``. The peer stops at about the stream window until credit
    /// comes back, so this is how a handler makes a fast peer wait. What is not returned when the
    /// stream ends comes back then.
    public func returnsCreditByHand() {
        byHand.store(true, ordering: .relaxed)
    }

    /// Returns credit for messages that were dealt with.
    ///
    /// - Parameter bytes: The sum of the sizes of those messages.
    public func returnCredit(bytes: Int) {
        handle.release(charge: bytes, exempt: 0)
    }

    var isCreditByHand: Bool { byHand.load(ordering: .relaxed) }

    private let byHand = Atomic(false)
}

/// Takes what arrives on a call that a raw handler serves.
final class RawSink: StreamSink {
    private let stream: RawStream
    private let receiver: any RawReceiver

    init(stream: RawStream, receiver: any RawReceiver) {
        self.stream = stream
        self.receiver = receiver
    }

    func headers(_ metadata: Metadata) {}

    func message(_ bytes: [UInt8], charge: Int, exempt: Bool) -> MessageRelease {
        receiver.received(bytes)
        return stream.isCreditByHand ? .byHand : .now
    }

    func halfClosed() {
        receiver.halfClosed()
    }

    func ended(_ end: StreamEnd) {
        switch end {
        case .finished, .status: receiver.closed(.finished)
        case .cancelled: receiver.closed(.cancelled)
        case .deadlineExceeded: receiver.closed(.deadlineExceeded)
        case .failed(let status): receiver.closed(.failed(status.message))
        case .sessionEnded(_, let text): receiver.closed(.sessionEnded(text))
        }
    }
}
