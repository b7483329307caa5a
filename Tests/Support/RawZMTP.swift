import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A ZMTP peer made of a plain socket and bytes by hand, for what libzmq would never send.
///
/// ZMTP 3.0 (ZeroMQ RFC 23) with mechanism NULL, as far as an attacker needs it. Every call ends within
/// its limit. One thread uses it at a time.
public final class RawZMTP {
    /// Where to connect.
    public enum Address: Sendable, Hashable {
        /// A Unix socket.
        case ipc(path: String)
        /// A port of this machine.
        case tcp(port: UInt16)
    }

    /// The other side closed the connection, or did not answer in time.
    public struct Gone: Error, CustomStringConvertible {
        /// What was being done.
        public var description: String
    }

    private let descriptor: Int32

    /// Connects; nothing is said yet.
    ///
    /// - Throws: ``Gone`` with the system's words when nobody listens there.
    public init(_ address: Address) throws {
        let family: Int32
        switch address {
        case .ipc: family = AF_UNIX
        case .tcp: family = AF_INET
        }
        #if canImport(Glibc)
            descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(family, SOCK_STREAM, 0)
        #endif
        let result: Int32
        switch address {
        case .ipc(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            // From here on an error closes the descriptor by `deinit`.
            guard path.utf8.count < MemoryLayout.size(ofValue: name.sun_path) else {
                throw Gone(description: "a path of \(path.utf8.count) bytes")
            }
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            result = Self.connect(descriptor, &name)
        case .tcp(let port):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            result = Self.connect(descriptor, &name)
        }
        guard result == 0 else {
            throw Gone(description: "connect: \(String(cString: strerror(errno)))")
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #if canImport(Glibc)
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
                #else
                    Darwin.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
                #endif
            }
        }
    }

    deinit { close(descriptor) }

    // MARK: Bytes

    /// Sends bytes.
    ///
    /// - Throws: ``Gone`` when the other side has closed, or takes nothing for that long.
    public func send(_ bytes: [UInt8], within limit: Duration = .seconds(10)) throws {
        var rest = bytes[...]
        let end = ContinuousClock.now + limit
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(POLLOUT, until: end, "sending")
            } else if errno != EINTR {
                throw Gone(description: "sending: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Receives exactly so many bytes.
    ///
    /// - Throws: ``Gone`` when the other side closes before, or takes longer.
    public func receive(_ count: Int, within limit: Duration = .seconds(10)) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + limit
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got > 0 {
                bytes += buffer.prefix(got)
            } else if got < 0, errno == EAGAIN {
                try wait(POLLIN, until: end, "receiving")
            } else if got == 0 || errno != EINTR {
                throw Gone(description: "receiving: the other side closed")
            }
        }
        return bytes
    }

    /// Whether the other side closes the connection in time; what it still sends is dropped.
    public func isCut(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        do {
            while true { _ = try receive(1, within: end - .now) }
        } catch {
            return ContinuousClock.now < end
        }
    }

    private func wait(
        _ event: Int32, until end: ContinuousClock.Instant, _ what: String
    ) throws {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { throw Gone(description: "\(what): no answer in time") }
        var item = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        _ = poll(&item, 1, Int32(min(left / .milliseconds(1) + 1, 1_000)))
    }

    // MARK: ZMTP

    /// The 64 bytes both sides begin with.
    ///
    /// - Parameters:
    ///   - version: Major and minor.
    ///   - mechanism: `NULL`, `CURVE` ...
    /// - Returns: The bytes.
    public static func greeting(
        version: (UInt8, UInt8) = (3, 0), mechanism: String = "NULL"
    ) -> [UInt8] {
        var bytes: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, version.0, version.1]
        bytes += Array(mechanism.utf8) + [UInt8](repeating: 0, count: 20 - mechanism.utf8.count)
        return bytes + [UInt8](repeating: 0, count: 32)
    }

    /// A frame of a message, or the beginning of one that claims to be longer.
    ///
    /// - Parameters:
    ///   - body: What it holds.
    ///   - more: Whether the message goes on behind it.
    ///   - claimed: The length it says; nil is that of the body.
    /// - Returns: Its bytes.
    public static func frame(
        _ body: [UInt8], more: Bool = false, claimed: UInt64? = nil
    ) -> [UInt8] {
        let length = claimed ?? UInt64(body.count)
        let flag: UInt8 = more ? 1 : 0
        guard length > 255 else { return [flag, UInt8(length)] + body }
        return [flag | 2] + withUnsafeBytes(of: length.bigEndian) { [UInt8]($0) } + body
    }

    /// The command that ends the NULL handshake.
    ///
    /// - Parameter identity: The routing id to ask for; none lets the other side choose.
    /// - Returns: Its bytes.
    public static func ready(identity: [UInt8] = []) -> [UInt8] {
        func property(_ name: String, _ value: [UInt8]) -> [UInt8] {
            [UInt8(name.utf8.count)] + Array(name.utf8)
                + withUnsafeBytes(of: UInt32(value.count).bigEndian) { [UInt8]($0) } + value
        }
        let body =
            [5] + Array("READY".utf8) + property("Socket-Type", Array("DEALER".utf8))
            + property("Identity", identity)
        return [4, UInt8(body.count)] + body
    }

    /// Greets with mechanism NULL, to the end of the handshake.
    ///
    /// - Parameter identity: The routing id to ask for.
    /// - Throws: ``Gone`` when the other side will not.
    public func handshake(identity: [UInt8] = []) throws {
        try send(Self.greeting())
        _ = try receive(64)
        try send(Self.ready(identity: identity))
        _ = try receiveFrame()
    }

    /// The next frame, of a message or a command.
    ///
    /// - Throws: ``Gone`` when none comes in time.
    public func receiveFrame(
        within limit: Duration = .seconds(10)
    ) throws -> (flags: UInt8, body: [UInt8]) {
        let flags = try receive(1, within: limit)[0]
        let size = try receive(flags & 2 == 0 ? 1 : 8, within: limit)
        let length = size.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (flags, try receive(Int(clamping: length), within: limit))
    }

    /// The next part of a message; commands, such as libzmq's own pings, are passed over.
    ///
    /// - Throws: ``Gone`` when none comes in time.
    public func receiveMessage(within limit: Duration = .seconds(10)) throws -> [UInt8] {
        while true {
            let frame = try receiveFrame(within: limit)
            if frame.flags & 4 == 0 { return frame.body }
        }
    }

    // MARK: Barid

    /// A frame of Barid's own, as Protocols/1-transport §3 lays it out.
    public static func barid(kind: UInt8, stream: UInt32 = 0, _ body: [UInt8] = []) -> [UInt8] {
        [kind, 0, 0, 0] + withUnsafeBytes(of: stream.bigEndian) { [UInt8]($0) }
            + withUnsafeBytes(of: UInt32(body.count).bigEndian) { [UInt8]($0) } + body
    }

    /// The next message that begins with a frame of a kind.
    ///
    /// - Parameter kind: As Protocols/1-transport §5 numbers it.
    /// - Returns: The message.
    /// - Throws: ``Gone`` when the session ends before, or none comes in time.
    public func receiveMessage(of kind: UInt8) throws -> [UInt8] {
        while true {
            let message = try receiveMessage()
            if message.first == kind { return message }
            guard message.first != 0x0c else { throw Gone(description: "the session ended") }
        }
    }

    /// Says hello.
    ///
    /// - Returns: The number of the session.
    /// - Throws: ``Gone`` when no welcome comes.
    public func greet() throws -> [UInt8] {
        let hello: [UInt8] = [0, 1, 0, 1] + [1, 2, 3, 4, 5, 6, 7, 8] + [0, 16, 0, 0] + [0, 0]
        try send(Self.frame(Self.barid(kind: 0x01, hello)))
        let message = try receiveMessage()
        guard message.first == 0x02, message.count >= 30 else {
            throw Gone(description: "no welcome but kind \(message.first ?? 0)")
        }
        // Behind header, version and nonce.
        return Array(message[22..<30])
    }
}
