import Foundation
import Glibc

/// A TCP connection that sends what it is told, whether that makes sense or not.
public final class RawClient: Sendable {
    private let descriptor: Int32

    /// Connects to a port of this machine.
    ///
    /// - Throws: `POSIXError` when nobody listens.
    public init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            // The descriptor is closed by `deinit`, once: it may be another socket's by then.
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECONNREFUSED)
        }
    }

    deinit { close(descriptor) }

    /// Sends bytes.
    ///
    /// - Returns: False when the other side takes no more.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Everything the other side sends until it ends, or for 20 seconds without a byte.
    public func received() async -> String {
        // Whoever answers may need the threads that tests run on.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.read()) }
        }
    }

    private func read() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            all += buffer.prefix(count)
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// The figures that are served at a port of this machine.
    ///
    /// - Throws: `POSIXError` when nobody listens, ``Exposition/Malformed`` when they are none.
    public static func figures(port: UInt16) async throws -> Exposition {
        let client = try RawClient(port: port)
        client.send(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        let answer = await client.received()
        guard answer.hasPrefix("HTTP/1.1 200 OK\r\n"),
            answer.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            let body = answer.range(of: "\r\n\r\n")
        else { throw Exposition.Malformed(description: "no answer: \(answer.prefix(200))") }
        return try Exposition(String(answer[body.upperBound...]))
    }
}
