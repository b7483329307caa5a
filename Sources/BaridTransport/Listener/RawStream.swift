public import GRPCCore

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

    init(
        method: MethodDescriptor, metadata: Metadata, session: SessionDescription,
        deadline: ContinuousClock.Instant?
    ) {
        self.method = method
        self.metadata = metadata
        self.session = session
        self.deadline = deadline
    }

    /// Bytes handed to `send` that wait for the peer's credit or the socket.
    ///
    /// A handler that has no flow control of its own should stop sending above a few hundred KiB.
    public var unsentBytes: Int {
        preconditionFailure("lands next")
    }

    /// Sends the response's initial metadata; without it, empty metadata precede the first message.
    ///
    /// - Parameter headers: The metadata. A second call, or one after `send`, does nothing.
    public func sendHeaders(_ headers: Metadata) {
        preconditionFailure("lands next")
    }

    /// Sends one message.
    ///
    /// - Parameters:
    ///   - message: The bytes of one gRPC message.
    ///   - exempt: Whether the message goes out without stream or session credit: for answers that
    ///     free memory at the peer, such as the results of settling. The default is false.
    /// - Throws: `RPCError` with code `.resourceExhausted`, naming both numbers, if the message is
    ///   larger than the limit; nothing was sent then.
    public func send(_ message: [UInt8], exempt: Bool = false) throws(RPCError) {
        preconditionFailure("lands next")
    }

    /// Ends the call after everything already sent.
    ///
    /// - Parameters:
    ///   - status: The status; `Status(code: .ok, message: "")` for success.
    ///   - metadata: The trailers.
    public func finish(_ status: Status, metadata: Metadata = [:]) {
        preconditionFailure("lands next")
    }

    /// Leaves it to the caller to return the credit of messages, by ``returnCredit(bytes:)``.
    ///
    /// Call it in ``RawHandler/opened(_:)``. The peer stops at about the stream window until credit
    /// comes back, so this is how a handler makes a fast peer wait.
    public func returnsCreditByHand() {
        preconditionFailure("lands next")
    }

    /// Returns credit for messages that were dealt with.
    ///
    /// - Parameter bytes: The sum of the sizes of those messages.
    public func returnCredit(bytes: Int) {
        preconditionFailure("lands next")
    }
}
