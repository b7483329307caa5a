public import Foundation
internal import Glibc

/// What a process tells the service manager that started it: that it is ready, works, and stops.
///
/// The protocol of sd_notify(3): a datagram each, to the socket that `NOTIFY_SOCKET` names. Where the
/// service manager's queue is full, what is said once waits for up to two seconds, and a sign of life is
/// left out. What cannot be sent is not sent: the work does not depend on it. Safe from any thread.
public struct ServiceNotifier: Sendable {
    private let address: [UInt8]
    /// How often the service manager wants a sign of life; `nil` when it wants none.
    public let watchdogLimit: Duration?

    /// Finds the service manager; `nil` when none listens, or its address is none of a local socket.
    ///
    /// - Parameter environment: The environment. The default is this process's.
    public init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard let path = environment["NOTIFY_SOCKET"], let first = path.utf8.first,
            first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
        else { return nil }
        var address = Array(path.utf8)
        // A name with an @ is one in the abstract namespace (unix(7)).
        if first == UInt8(ascii: "@") { address[0] = 0 }
        guard address.count > 1, address.count < MemoryLayout<sockaddr_un>.size - 2 else {
            return nil
        }
        self.address = address
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogLimit = isOurs && limit > 0 ? .microseconds(limit) : nil
    }

    /// What is told.
    public enum State: Sendable, Equatable {
        /// The process works.
        case ready
        /// It finishes what it holds, and ends.
        case stopping
        /// A sign of life.
        case alive
    }

    /// Tells the service manager something.
    ///
    /// - Parameters:
    ///   - state: What.
    ///   - status: One line for a person, shown by `systemctl status`. The default is none.
    /// - Returns: Whether it was sent.
    @discardableResult
    public func tell(_ state: State, status: String? = nil) -> Bool {
        var text =
            switch state {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            }
        if let status { text += "\nSTATUS=\(status.replacing("\n", with: " "))" }
        return send(Array(text.utf8), waits: state != .alive)
    }

    /// Sends a sign of life at half of ``watchdogLimit`` until the task is cancelled.
    ///
    /// - Parameter isWell: Whether there is life; without it nothing is sent, and the service manager
    ///   ends the process. It may take its time: what hangs there is no life.
    public func keepTelling(while isWell: @Sendable () async -> Bool) async {
        guard let watchdogLimit else { return }
        while !Task.isCancelled {
            if await isWell() { tell(.alive) }
            try? await Task.sleep(for: watchdogLimit / 2)
        }
    }

    /// The environment without what concerns this process alone, for processes it starts.
    public static func withoutManager(_ environment: [String: String]) -> [String: String] {
        environment.filter { !["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].contains($0.key) }
    }

    private func send(_ bytes: [UInt8], waits: Bool) -> Bool {
        let socket = Glibc.socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                sendto(
                    socket, bytes, bytes.count,
                    Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT)), name, size)
                    == bytes.count
            }
        }
    }
}
