internal import CZeroMQ
internal import Glibc

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

    private let socket: Socket
    private let monitor: Socket?
    /// The wake-up, the socket and the monitor, as the system sees them.
    private var items: [pollfd]
    /// The monitor was reported, and may have more than was taken.
    private var mayMonitorHaveMore: Bool

    /// Prepares a wait.
    ///
    /// - Parameters:
    ///   - wakeUp: Ends the wait from other threads; it must outlive this value.
    ///   - socket: The socket to wait for; nobody else waits for it.
    ///   - monitor: The socket's monitor, if any; who takes events off it without having been told of
    ///     one takes all of them.
    /// - Throws: ``ZeroMQError`` if the context was terminated.
    public init(wakeUp: WakeUp, socket: Socket, monitor: Socket? = nil) throws(ZeroMQError) {
        self.socket = socket
        self.monitor = monitor
        mayMonitorHaveMore = monitor != nil
        items = [
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: try socket.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        if let monitor {
            items.append(pollfd(fd: try monitor.descriptor, events: Int16(POLLIN), revents: 0))
        }
    }

    /// Waits until something is ready or the time is over.
    ///
    /// This is `zmq_poll(3)` with fewer system calls: that one asks each socket before and after each
    /// wait, and the system twice. A socket's descriptor (`ZMQ_FD` of zmq_getsockopt(3)) says
    /// that libzmq has work for this thread, once: any other call on the socket may have done that
    /// work. So the socket is always asked before the wait, and again only after a signal.
    ///
    /// - Parameters:
    ///   - limit: How long to wait, rounded up to milliseconds; nil waits for ever.
    ///   - writable: Whether a socket that would take a message ends the wait.
    ///   - sleep: Runs the wait itself. Others may use the socket meanwhile: who finds that it has
    ///     something to receive then signals the wake-up, for the descriptor may not tell any more.
    /// - Returns: What is ready; nothing after the time is over or a signal came.
    /// - Throws: ``ZeroMQError`` if the context was terminated.
    public mutating func wait(
        atMost limit: Duration?, writable: Bool,
        sleep: (() -> Int32) -> Int32 = { $0() }
    ) throws(ZeroMQError) -> Ready {
        let wanted = writable ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN
        let end = limit.map { ContinuousClock.now + $0 }
        var rest = limit
        while true {
            var events = try socket.events & wanted
            if mayMonitorHaveMore, let monitor {
                mayMonitorHaveMore = try monitor.events & ZMQ_POLLIN != 0
            }
            let isReady = events != 0 || mayMonitorHaveMore
            let time = isReady ? 0 : Self.milliseconds(rest)
            let count = sleep { poll(&items, nfds_t(items.count), time) }
            guard count >= 0 else {
                guard errno == EINTR else { throw ZeroMQError(number: errno, call: "poll") }
                return Ready()
            }
            if items[1].revents != 0, !isReady { events = try socket.events & wanted }
            if items.count > 2, items[2].revents != 0 { mayMonitorHaveMore = true }
            let ready = Ready(
                wakeUp: items[0].revents != 0, readable: events & ZMQ_POLLIN != 0,
                writable: events & ZMQ_POLLOUT != 0, monitor: mayMonitorHaveMore)
            guard ready == Ready(), count > 0 else { return ready }
            // What libzmq had to do was of no interest here.
            if let end { rest = max(.zero, end - .now) }
        }
    }

    private static func milliseconds(_ limit: Duration?) -> Int32 {
        guard let limit else { return -1 }
        let (seconds, attoseconds) = limit.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        let rounding: Int64 = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
        return max(0, Int32(min(seconds, 1 << 20) * 1_000 + milliseconds + rounding))
    }
}
