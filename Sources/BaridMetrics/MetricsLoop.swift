internal import Foundation
internal import Glibc
internal import Synchronization

/// What the thread of a ``MetricsServer`` does: it waits for all its connections at once.
struct MetricsLoop {
    /// One connection, and how far its exchange is.
    private struct Connection {
        enum State {
            case reading(RequestReader)
            case writing(ArraySlice<UInt8>)
            /// Our end is shut; what the peer still sends is dropped, so that it reads the answer.
            case closing
        }

        let descriptor: Int32
        var state = State.reading(RequestReader())
        var limit: ContinuousClock.Instant
    }

    private let listener: Int32
    private let stop: Int32
    private let render: @Sendable () async -> String?
    /// The oldest first.
    private var connections: [Connection] = []
    private var last: (text: String, time: ContinuousClock.Instant)?
    private var buffer = [UInt8](repeating: 0, count: 4 << 10)

    init(listener: Int32, stop: Int32, render: @escaping @Sendable () async -> String?) {
        self.listener = listener
        self.stop = stop
        self.render = render
    }

    /// Answers until it is told to stop.
    mutating func run() {
        while true {
            var polled = [
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            ]
            for connection in connections {
                let event = if case .writing = connection.state { POLLOUT } else { POLLIN }
                polled.append(
                    pollfd(fd: connection.descriptor, events: Int16(event), revents: 0))
            }
            guard poll(&polled, nfds_t(polled.count), wait) >= 0 || errno == EINTR else { break }
            if polled[0].revents != 0 { break }
            let ready = Set(polled.dropFirst(2).filter { $0.revents != 0 }.map(\.fd))
            let now = ContinuousClock.now
            let held = connections
            connections = []
            for connection in held {
                var connection = connection
                // Its time is over also for a peer that never stops.
                let isKept =
                    connection.limit > now
                    && (!ready.contains(connection.descriptor) || goOn(&connection))
                if isKept { connections.append(connection) } else { close(connection.descriptor) }
            }
            if polled[1].revents != 0 { accept() }
        }
        for connection in connections { close(connection.descriptor) }
    }

    /// Milliseconds until the first exchange takes too long.
    private var wait: Int32 {
        guard let first = connections.map(\.limit).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: first) / .milliseconds(1)
        return Int32(min(max(left.rounded(.up), 0), 10_000))
    }

    private mutating func accept() {
        // Descriptors are scarce while somebody opens many connections: the rest waits its turn.
        for _ in 0..<MetricsServer.maximumConnections {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // Without a descriptor to spare the connection stays where it is: do not spin on it.
                if errno == EMFILE || errno == ENFILE { usleep(50_000) }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            if connections.count >= MetricsServer.maximumConnections {
                close(connections.removeFirst().descriptor)
            }
            connections.append(
                Connection(
                    descriptor: descriptor, limit: .now.advanced(by: MetricsServer.exchangeLimit)))
        }
    }

    /// Reads or writes what can be now.
    ///
    /// - Returns: False when the exchange is over.
    private mutating func goOn(_ connection: inout Connection) -> Bool {
        switch connection.state {
        case .reading(var reader):
            let count = recv(connection.descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return count < 0 && Self.isTransient }
            switch reader.take(buffer.prefix(count)) {
            case .incomplete:
                connection.state = .reading(reader)
                return true
            case .asked(let headerOnly):
                let answer =
                    figures().map { Response.figures($0, headerOnly: headerOnly) }
                    ?? Response.refusal(503)
                connection.state = .writing(answer[...])
            case .refused(let code):
                connection.state = .writing(Response.refusal(code)[...])
            }
            return goOn(&connection)
        case .writing(let rest):
            let count = rest.withUnsafeBytes {
                send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { return Self.isTransient }
            guard count == rest.count else {
                connection.state = .writing(rest.dropFirst(count))
                return true
            }
            shutdown(connection.descriptor, Int32(SHUT_WR))
            connection.state = .closing
            connection.limit = min(connection.limit, .now.advanced(by: .seconds(1)))
            return true
        case .closing:
            let count = recv(connection.descriptor, &buffer, buffer.count, 0)
            return count > 0 || (count < 0 && Self.isTransient)
        }
    }

    private static var isTransient: Bool {
        errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
    }

    /// The figures of now, or of a moment ago.
    private mutating func figures() -> String? {
        if let last, last.time.duration(to: .now) < MetricsServer.freshness { return last.text }
        let box = Answer()
        let render = render
        let task = Task.detached {
            let text = await render()
            box.text.withLock { $0 = text }
            box.isThere.signal()
        }
        guard box.isThere.wait(timeout: .now() + 5) == .success,
            let text = box.text.withLock({ $0 })
        else {
            task.cancel()
            return nil
        }
        last = (text, .now)
        return text
    }

    private final class Answer: Sendable {
        let text = Mutex<String?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }
}
