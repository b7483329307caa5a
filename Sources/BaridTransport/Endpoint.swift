internal import GRPCCore

/// Where a broker listens and where its clients connect.
///
/// Two kinds exist: a Unix socket, which only the owner of its folder can reach, and TCP. Over TCP
/// a broker asks for keys, but for a loopback address where its owner trusts every local user.
/// Specified in Protocols/1-transport §2 and 7-security §2.
public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A Unix socket at an absolute path of at most ``maximumPathLength`` bytes.
    case ipc(path: String)

    /// TCP on a host's name or address; when binding, port 0 lets the system choose one.
    case tcp(host: String, port: UInt16)

    /// The longest path of a Unix socket, in bytes: what Linux's `sockaddr_un` holds.
    public static let maximumPathLength = 107

    /// Reads an endpoint such as `ipc:///run/user/1000/barid/broker.ipc` or `tcp://127.0.0.1:4260`.
    ///
    /// - Parameter text: The endpoint as ZeroMQ writes it.
    /// - Throws: `RPCError` with code `.invalidArgument`, naming what is wrong, for another scheme,
    ///   a path that is relative, abstract or too long, a host that is none, or a bad port.
    public init(_ text: String) throws {
        if let path = text.suffix(after: "ipc://") {
            self = .ipc(path: path)
        } else if let address = text.suffix(after: "tcp://") {
            guard let colon = address.lastIndex(of: ":"),
                let port = UInt16(address[address.index(after: colon)...])
            else {
                throw RPCError(
                    code: .invalidArgument,
                    message: "endpoint \(text): a port from 0 to 65535 is missing after the host")
            }
            self = .tcp(host: String(address[..<colon]), port: port)
        } else {
            throw RPCError(
                code: .invalidArgument,
                message: "endpoint \(text): only ipc:// and tcp:// are supported")
        }
        try validate()
    }

    /// Checks what the initialiser from text checks, for endpoints made from their parts.
    ///
    /// - Throws: `RPCError` with code `.invalidArgument`, naming what is wrong.
    public func validate() throws {
        switch self {
        case .ipc(let path):
            guard path.hasPrefix("/") else {
                throw RPCError(
                    code: .invalidArgument,
                    message: "endpoint \(self): the path of the socket must be absolute")
            }
            let length = path.utf8.count
            guard length <= Self.maximumPathLength else {
                throw RPCError(
                    code: .invalidArgument,
                    message: """
                        endpoint \(self): the path is \(length) bytes long, a Unix socket allows \
                        \(Self.maximumPathLength)
                        """)
            }
            guard !path.utf8.contains(0) else {
                throw RPCError(
                    code: .invalidArgument, message: "endpoint: the path contains a NUL byte")
            }
        case .tcp(let host, _):
            guard Self.isHost(host) else {
                throw RPCError(
                    code: .invalidArgument,
                    message: """
                        endpoint \(self): the host is a name, an address, an IPv6 address in \
                        brackets, or * to listen on every one
                        """)
            }
        }
    }

    /// The endpoint as ZeroMQ and ``init(_:)`` read it.
    public var description: String {
        switch self {
        case .ipc(let path): "ipc://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }

    /// Whether only processes of this machine can connect: a Unix socket, or a loopback address.
    public var isOnThisMachine: Bool {
        switch self {
        case .ipc: true
        case .tcp(let host, _): Self.isLoopback(host)
        }
    }

    /// Whether a broker may ask who connects here for a key.
    var asksForKeys: Bool {
        if case .tcp = self { true } else { false }
    }

    /// An address under which this process itself reaches what it bound.
    var reachable: String {
        guard case .tcp(let host, let port) = self else { return description }
        switch host {
        case "*", "0.0.0.0": return "tcp://127.0.0.1:\(port)"
        case "[::]": return "tcp://[::1]:\(port)"
        default: return description
        }
    }

    /// Whether libzmq must be told that the address may be an IPv6 one.
    var isIPv6: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return host.hasPrefix("[")
    }

    /// Whether libzmq takes the text for a host and nothing more: `;` would add a source address.
    private static func isHost(_ host: String) -> Bool {
        if host == "*" { return true }
        var name = host[...]
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        if isBracketed { name = name.dropFirst().dropLast() }
        return !name.isEmpty && name.utf8.count <= 253
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                case UInt8(ascii: ":"), UInt8(ascii: "%"): isBracketed
                default: false
                }
            }
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
                && UInt8(part) != nil
        }
    }
}

extension String {
    /// What follows `prefix`, or nil when the string begins otherwise.
    fileprivate func suffix(after prefix: String) -> String? {
        guard hasPrefix(prefix) else { return nil }
        return String(dropFirst(prefix.count))
    }
}
