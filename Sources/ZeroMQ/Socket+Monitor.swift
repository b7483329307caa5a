internal import CZeroMQ
internal import Glibc

/// Something that happened to a connection of a monitored socket.
public enum ConnectionEvent: Sendable, Hashable {
    /// We connected, on that descriptor; the handshake follows.
    case connected(descriptor: Int32)

    /// A handshake is done; libzmq does not say of which connection.
    case established

    /// The connection on that descriptor is gone.
    case disconnected(descriptor: Int32)

    /// Somebody connected; the handshake follows.
    case accepted(descriptor: Int32)

    /// A connection could not be accepted, with the system's error number.
    case acceptFailed(error: Int32)

    /// A handshake did not succeed; the connection of it goes, and is the next to be `disconnected`.
    case handshakeFailed(HandshakeFailure)

    /// Why a handshake did not succeed.
    public enum HandshakeFailure: Sendable, Hashable {
        /// The other side went away, took too long or could not decrypt, with libzmq's error number.
        case lost(error: Int32)
        /// The two sides do not use the same security mechanism.
        case mechanism
        /// Something else was against ZMTP, with libzmq's number for it.
        case malformed(code: Int32)
        /// The other side's ZAP handler refused us, or ours refused them, with ZAP's status code.
        case refused(status: Int32)
    }
}

extension Socket {
    /// Makes a socket that receives the connection events of this one.
    ///
    /// - Parameter name: A name no other monitor of the context has.
    /// - Returns: The socket to poll and to ask for ``nextEvent()``.
    /// - Throws: ``ZeroMQError`` if the context has no room for it.
    public func monitor(name: String) throws(ZeroMQError) -> Socket {
        let address = "inproc://monitor-\(name)"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECTED
            | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        guard zmq_socket_monitor(raw, address, events) == 0 else {
            throw .last("zmq_socket_monitor")
        }
        let monitor = try Socket(.pair, in: context)
        try monitor.set(.linger(0))
        try monitor.connect(address)
        return monitor
    }

    /// Stops reporting; must precede closing this socket.
    public func stopMonitor() {
        zmq_socket_monitor(raw, nil, 0)
    }

    /// Takes the next event off a socket made by ``monitor(name:)``.
    ///
    /// - Returns: The event, or nil when none is waiting.
    /// - Throws: ``ZeroMQError`` if the socket is broken.
    public func nextEvent() throws(ZeroMQError) -> ConnectionEvent? {
        var part = Message()
        while try receive(into: &part) {
            // Layout of zmq_socket_monitor(3): 16 bits of event, 32 bits of value, host byte order.
            let event: (number: UInt16, value: Int32)? = part.withUnsafeBytes { bytes in
                guard bytes.count == 6 else { return nil }
                return (
                    bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self),
                    bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
                )
            }
            while part.hasMore, try receive(into: &part) {}
            guard let event else { continue }
            switch Int32(event.number) {
            case ZMQ_EVENT_CONNECTED: return .connected(descriptor: event.value)
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .established
            case ZMQ_EVENT_DISCONNECTED: return .disconnected(descriptor: event.value)
            case ZMQ_EVENT_ACCEPTED: return .accepted(descriptor: event.value)
            case ZMQ_EVENT_ACCEPT_FAILED: return .acceptFailed(error: event.value)
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                return .handshakeFailed(.lost(error: event.value))
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
                return .handshakeFailed(
                    event.value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
                        ? .mechanism : .malformed(code: event.value))
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                return .handshakeFailed(.refused(status: event.value))
            default: continue
            }
        }
        return nil
    }

    /// Cuts a connection that an event named, as if its peer had gone.
    ///
    /// The descriptor stays libzmq's: it notices the end, reports `disconnected` and closes it. A
    /// descriptor that is no connection any more is left as it is.
    ///
    /// - Parameter descriptor: The descriptor, of this process.
    public static func cut(descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Cuts a connection and drops what has come on it and was not read yet.
    ///
    /// Of TCP, what was not acknowledged is dropped as well, and the other side is told by a reset: it
    /// learns of the end where its own packets do not come through.
    ///
    /// - Parameter descriptor: The descriptor, as for ``cut(descriptor:)``.
    public static func abort(descriptor: Int32) {
        // Of TCP, which may hold megabytes; on a Unix socket this is refused, and changes nothing. First,
        // as libzmq closes what was cut: its end would wait behind what is not acknowledged.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
        cut(descriptor: descriptor)
    }

    /// Whether the kernel holds bytes of a connection that libzmq has not read yet.
    ///
    /// - Parameter descriptor: The descriptor, of this process.
    /// - Returns: False also for a descriptor that is no connection any more.
    public static func hasUnread(descriptor: Int32) -> Bool {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
    }
}
