/// Serves one gRPC method on the socket thread, without a task per call or per message.
///
/// The broker serves `Publish` and `Subscribe` this way. What goes over the wire is exactly what a
/// GRPCCore handler of the same method would send.
public protocol RawHandler: Sendable {
    /// Called when a peer opened a stream on the method.
    ///
    /// Runs on the socket thread: do not block.
    ///
    /// - Parameter stream: The stream to answer on; keep it as long as you want to.
    /// - Returns: What takes the stream's messages. To refuse the call, finish the stream with a
    ///   status and return any receiver; only its ``RawReceiver/closed(_:)`` will be called.
    func opened(_ stream: RawStream) -> any RawReceiver
}

/// Takes what a peer sends on one raw stream.
///
/// All methods are called on the socket thread, one at a time and in order, and must not block;
/// post what takes longer to a thread of your own. `closed` comes exactly once and last, and may come
/// on a thread that is in ``RawStream/send(_:exempt:)``: hold no lock there that it takes.
public protocol RawReceiver: AnyObject {
    /// Takes one message, whole and in an array of its own.
    ///
    /// Its credit returns to the peer when this call returns, unless the stream was told
    /// ``RawStream/returnsCreditByHand()``.
    ///
    /// - Parameter message: The bytes of one gRPC message.
    func received(_ message: [UInt8])

    /// The peer will send no more messages; it still waits for the status.
    func halfClosed()

    /// The stream is over and nothing sent on it from now on reaches the peer.
    ///
    /// - Parameter reason: Why.
    func closed(_ reason: RawCloseReason)
}

/// Why a raw stream is over.
public enum RawCloseReason: Sendable, Hashable {
    /// Our own status was sent.
    case finished

    /// The peer cancelled the call.
    case cancelled

    /// The call's deadline passed; the peer was told DEADLINE_EXCEEDED.
    case deadlineExceeded

    /// The session ended, with the reason in words.
    case sessionEnded(String)

    /// The peer broke a rule of the stream, or a limit; it was told so.
    case failed(String)
}
