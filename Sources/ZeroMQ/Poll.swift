internal import CZeroMQ

/// Waits for a wake-up, a socket and, where there is one, its monitor together.
public struct Poll {
    /// What is ready after a wait.
    public struct Ready: Sendable, Hashable {
        /// The wake-up was signalled.
        public var wakeUp = false
        /// The socket has something to receive.
        public var readable = false
        /// The socket would take a message.
        public var writable = false
        /// The monitor has an event.
        public var monitor = false
    }

    private var items: [zmq_pollitem_t]

    /// Prepares a wait.
    ///
    /// - Parameters:
    ///   - wakeUp: Ends the wait from other threads.
    ///   - socket: The socket to wait for; it must outlive this value.
    ///   - monitor: The socket's monitor, if any; it must outlive this value.
    public init(wakeUp: WakeUp, socket: Socket, monitor: Socket? = nil) {
        items = [
            zmq_pollitem_t(
                socket: nil, fd: wakeUp.descriptor, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: socket.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
        ]
        if let monitor {
            items.append(
                zmq_pollitem_t(socket: monitor.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        }
    }

    /// Waits until something is ready or the time is over.
    ///
    /// - Parameters:
    ///   - limit: How long to wait, rounded up to milliseconds; nil waits for ever.
    ///   - writable: Whether a socket that would take a message ends the wait.
    /// - Returns: What is ready; nothing after the time is over or a signal came.
    /// - Throws: ``ZeroMQError`` if the context was terminated.
    public mutating func wait(
        atMost limit: Duration?, writable: Bool
    ) throws(ZeroMQError) -> Ready {
        items[1].events = Int16(writable ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN)
        var timeout = -1
        if let limit {
            let (seconds, attoseconds) = limit.components
            let milliseconds = attoseconds / 1_000_000_000_000_000
            let rounding: Int64 = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
            timeout = max(0, Int(min(seconds, 1 << 20) * 1_000 + milliseconds + rounding))
        }
        guard zmq_poll(&items, Int32(items.count), timeout) >= 0 else {
            guard zmq_errno() == EINTR else { throw .last("zmq_poll") }
            return Ready()
        }
        return Ready(
            wakeUp: items[0].revents != 0,
            readable: Int32(items[1].revents) & ZMQ_POLLIN != 0,
            writable: Int32(items[1].revents) & ZMQ_POLLOUT != 0,
            monitor: items.count > 2 && items[2].revents != 0)
    }
}
