internal import CZeroMQ

/// One part of a received message; its bytes stay valid while the value lives or is not reused.
public struct Message: ~Copyable {
    var raw = zmq_msg_t()

    /// An empty message to receive into.
    public init() {
        zmq_msg_init(&raw)
    }

    deinit {
        var raw = raw
        zmq_msg_close(&raw)
    }

    /// Whether another part of the same message follows.
    public var hasMore: Bool {
        mutating get { zmq_msg_more(&raw) != 0 }
    }

    /// The descriptor of the connection the message came in on, or nil where libzmq does not say.
    ///
    /// It matches the value of the socket's ``ConnectionEvent``s and must not be used otherwise.
    public var sourceDescriptor: Int32? {
        mutating get {
            let descriptor = zmq_msg_get(&raw, ZMQ_SRCFD)
            return descriptor >= 0 ? descriptor : nil
        }
    }

    /// Calls `body` with the bytes of this part.
    ///
    /// - Parameter body: Uses the bytes; the pointer is invalid afterwards.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public mutating func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let size = zmq_msg_size(&raw)
        return try body(UnsafeRawBufferPointer(start: zmq_msg_data(&raw), count: size))
    }
}
