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

extension Context {
    /// Version of the libzmq that is linked.
    public static var libraryVersion: (major: Int, minor: Int, patch: Int) {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        zmq_version(&major, &minor, &patch)
        return (Int(major), Int(minor), Int(patch))
    }
}
