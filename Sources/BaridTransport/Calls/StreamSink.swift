internal import GRPCCore

/// Takes what the peer sends on a stream; called by who has the turn of the socket, mostly its thread,
/// which it must not block.
protocol StreamSink: AnyObject {
    func headers(_ metadata: Metadata)

    /// A whole message.
    ///
    /// - Returns: The credit to give back at once; what is left the sink releases later.
    func message(_ bytes: [UInt8], charge: Int, exempt: Bool) -> MessageRelease

    func halfClosed()

    /// Everything given to the stream so far has left the send queue.
    func sent()

    /// The stream is over. Comes once and last.
    func ended(_ end: StreamEnd)
}

extension StreamSink {
    func sent() {}
}

/// What happens to the credit of a delivered message.
enum MessageRelease {
    /// The sink releases it, when the application has read the message.
    case later
    /// It is released now.
    case now
    /// The application releases the size of the message by hand, the rest is released now.
    case byHand
}

/// How a stream ended.
enum StreamEnd {
    /// The peer's status came.
    case status(StatusBody)
    /// The peer cancelled.
    case cancelled(CancelBody)
    /// Our own status left.
    case finished
    case deadlineExceeded
    case failed(Status)
    case sessionEnded(SessionCode, String)

    /// The end as an error for who still reads or writes.
    var error: RPCError {
        switch self {
        case .status(let body):
            RPCError(status: body.status, metadata: body.metadata)
                ?? RPCError(code: .internalError, message: "the call is over")
        case .cancelled(let body): RPCError(code: .cancelled, message: "cancelled: \(body.text)")
        case .finished: RPCError(code: .internalError, message: "the call is over")
        case .deadlineExceeded:
            RPCError(code: .deadlineExceeded, message: "the call's time is over")
        case .failed(let status):
            RPCError(status: status) ?? RPCError(code: .internalError, message: status.message)
        case .sessionEnded(let code, let text):
            RPCError(code: .unavailable, message: "the session ended (\(code.name)): \(text)")
        }
    }
}
