internal import CZeroMQ

/// What libzmq or the system said when a call failed.
public struct ZeroMQError: Error, Hashable, CustomStringConvertible {
    /// The error number, such as `EADDRINUSE`.
    public var number: Int32

    /// The call that failed, such as `zmq_bind`.
    public var call: String

    /// The call and the error in words.
    public var description: String {
        "\(call): \(zmq_strerror(number).map { String(cString: $0) } ?? "error \(number)")"
    }

    /// The error of the call that just failed on this thread.
    static func last(_ call: String) -> ZeroMQError {
        ZeroMQError(number: zmq_errno(), call: call)
    }
}
