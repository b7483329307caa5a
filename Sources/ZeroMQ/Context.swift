internal import CZeroMQ

/// A libzmq context: the I/O thread and the sockets that share it.
///
/// It must outlive its sockets, which hold it. It is terminated when the last of them is gone; that
/// waits for messages still lingering.
public final class Context: @unchecked Sendable {
    // libzmq documents contexts as thread-safe; the pointer never changes.
    let raw: UnsafeMutableRawPointer

    /// Creates a context with one I/O thread.
    ///
    /// - Throws: ``ZeroMQError`` if the system has no descriptors or threads left.
    public init() throws(ZeroMQError) {
        guard let raw = zmq_ctx_new() else { throw .last("zmq_ctx_new") }
        self.raw = raw
    }

    deinit {
        while zmq_ctx_term(raw) != 0, zmq_errno() == EINTR {}
    }
}
