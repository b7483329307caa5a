internal import CZeroMQ

/// Something that happened to a connection of a monitored socket.
public enum ConnectionEvent: Sendable, Hashable {
    /// The connection on that descriptor is complete.
    case established(descriptor: Int32)

    /// The connection on that descriptor is gone.
    case disconnected(descriptor: Int32)
}

extension Socket {
    /// Makes a socket that receives the connection events of this one.
    ///
    /// - Parameter name: A name no other monitor of the context has.
    /// - Returns: The socket to poll and to ask for ``nextEvent()``.
    /// - Throws: ``ZeroMQError`` if the context has no room for it.
    public func monitor(name: String) throws(ZeroMQError) -> Socket {
        let address = "inproc://monitor-\(name)"
        let events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
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
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .established(descriptor: event.value)
            case ZMQ_EVENT_DISCONNECTED: return .disconnected(descriptor: event.value)
            default: continue
            }
        }
        return nil
    }
}
