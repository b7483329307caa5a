internal import Foundation
internal import Glibc

/// Answers `GET /metrics` on a thread of its own: one small request, one answer, the end.
///
/// Everything is bounded, so that whoever connects harms nothing: connections, the bytes of a header,
/// the time of an exchange. A new connection takes the place of the oldest one when there are too
/// many. Figures are put together at most ten times a second; in between the last ones are shown.
public final class MetricsServer: Sendable {
    /// Connections at once.
    public static let maximumConnections = 32
    /// How long a request and its answer may take.
    public static let exchangeLimit = Duration.seconds(5)
    /// How long figures are shown again.
    static let freshness = Duration.milliseconds(100)

    /// The server cannot begin; the description says why.
    public struct Failure: Error, CustomStringConvertible {
        /// The address and the system's word.
        public let description: String
    }

    /// Where it listens; port 0 is replaced by the one the system chose.
    public let address: MetricsAddress

    private let stopping: Int32
    private let ended = DispatchSemaphore(value: 0)

    /// Listens and begins to answer.
    ///
    /// - Parameters:
    ///   - address: Where.
    ///   - render: Puts the figures together; `nil` when that cannot be done now.
    /// - Throws: ``Failure`` when the address cannot be had.
    public init(
        _ address: MetricsAddress, render: @escaping @Sendable () async -> String?
    ) throws(Failure) {
        let (listener, port) = try Self.listen(address)
        self.address = address.at(port: port)
        var ends: [Int32] = [-1, -1]
        // Sockets and not a pipe: writing to a loop that has ended must not raise a signal.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            close(listener)
            throw Failure(description: "no sockets could be made for the metrics")
        }
        stopping = ends[1]
        let ended = ended
        let stop = ends[0]
        let thread = Thread {
            var loop = MetricsLoop(listener: listener, stop: stop, render: render)
            loop.run()
            close(stop)
            close(listener)
            ended.signal()
        }
        thread.name = "barid-metrics"
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { close(stopping) }

    /// Answers nothing more, and returns when the port is free; harmless when called again.
    public func stop() {
        var byte: UInt8 = 0
        _ = send(stopping, &byte, 1, Int32(MSG_NOSIGNAL))
        ended.wait()
        ended.signal()
    }

    // MARK: The socket

    private static func listen(_ address: MetricsAddress) throws(Failure) -> (Int32, UInt16) {
        func failure(_ what: String) -> Failure {
            Failure(
                description:
                    "metrics cannot be served at \(address): \(what): \(String(cString: strerror(errno)))"
            )
        }
        let isSix = address.host.contains(":")
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(isSix ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw failure("no socket") }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        let bound = isSix ? bindSix(descriptor, address) : bindFour(descriptor, address)
        guard bound, Glibc.listen(descriptor, 128) == 0 else {
            let problem = failure("the address cannot be had")
            close(descriptor)
            throw problem
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return (descriptor, boundPort(descriptor, isSix))
    }

    private static func bindFour(_ descriptor: Int32, _ address: MetricsAddress) -> Bool {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        guard inet_pton(AF_INET, address.host, &name.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func bindSix(_ descriptor: Int32, _ address: MetricsAddress) -> Bool {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = address.port.bigEndian
        guard inet_pton(AF_INET6, address.host, &name.sin6_addr) == 1 else { return false }
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    private static func boundPort(_ descriptor: Int32, _ isSix: Bool) -> UInt16 {
        var name = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &size)
            }
            if isSix {
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin6_port)
                }
            }
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }
}
