internal import CZeroMQ
internal import Glibc

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

    /// A property of the connection the message came in on, or nil where there is none.
    ///
    /// `User-Id` is what the ZAP handler said about the peer, `Peer-Address` where it connected from.
    ///
    /// - Parameter name: The property as ZMTP names it.
    /// - Returns: The value; it is the connection's, not the message's.
    public mutating func property(_ name: StaticString) -> String? {
        name.withUTF8Buffer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                // A static string ends with a zero, which its count leaves out.
                zmq_msg_gets(&raw, name.baseAddress).map { String(cString: $0) }
            }
        }
    }

    /// Whether a property of the connection has that value; cheaper than to read it.
    ///
    /// - Parameters:
    ///   - name: The property as ZMTP names it.
    ///   - value: The value to compare with.
    /// - Returns: False also where there is no such property.
    public mutating func hasProperty(_ name: StaticString, _ value: String) -> Bool {
        name.withUTF8Buffer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                zmq_msg_gets(&raw, name.baseAddress).map { strcmp($0, value) == 0 } ?? false
            }
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
