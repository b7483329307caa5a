#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Where figures are served: `127.0.0.1:7451`, `[::1]:7451`, `localhost:7451`, `7451`.
///
/// Whoever can connect can read them, so an address that other machines reach has to be asked for as
/// such: `public:0.0.0.0:7451`.
public struct MetricsAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address, in digits.
    public let host: String
    /// The port; 0 lets the system choose.
    public let port: UInt16
    /// Whether other machines may be let in.
    public let isPublic: Bool

    /// An address that makes no sense, or is refused; the description says why.
    public struct Refused: Error, CustomStringConvertible {
        /// What is wrong, and what to write instead.
        public let description: String
    }

    /// Reads an address.
    ///
    /// - Parameter text: The address as it is written.
    /// - Throws: ``Refused`` when it is none, and when other machines reach it and it does not say
    ///   `public:`.
    public init(_ text: String) throws(Refused) {
        let prefix = "public:"
        isPublic = text.hasPrefix(prefix)
        let rest = isPublic ? text.dropFirst(prefix.count) : text[...]
        let colon = rest.lastIndex(of: ":")
        var name = colon.map { rest[..<$0] } ?? ""
        let digits = colon.map { rest[rest.index(after: $0)...] } ?? rest
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        guard let port = UInt16(digits), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw Refused(
                description:
                    "'\(text)' is no address for metrics; it is ADDRESS:PORT, such as 127.0.0.1:7451"
            )
        }
        self.port = port
        host = name.isEmpty || name == "localhost" ? "127.0.0.1" : String(name)
        guard Self.isAddress(host) else {
            throw Refused(
                description:
                    "'\(host)' is no address for metrics; it is one in digits, such as 127.0.0.1")
        }
        guard isPublic || isLoopback else {
            throw Refused(
                description: """
                    \(host) can be reached from other machines, and metrics are for whoever connects; \
                    if that is meant, write public:\(rest)
                    """)
        }
    }

    private init(host: String, port: UInt16, isPublic: Bool) {
        self.host = host
        self.port = port
        self.isPublic = isPublic
    }

    /// The same address with another port.
    public func at(port: UInt16) -> MetricsAddress {
        MetricsAddress(host: host, port: port, isPublic: isPublic)
    }

    /// The address on the next port, for the next process; port 0 stays 0.
    ///
    /// `nil` when there is no next port.
    public var next: MetricsAddress? {
        if port == 0 { return self }
        return port == .max ? nil : at(port: port + 1)
    }

    /// Where to ask, such as `http://127.0.0.1:7451/metrics`.
    public var url: String { "http://\(authority)/metrics" }

    /// The address as ``init(_:)`` takes it.
    public var description: String { (isPublic ? "public:" : "") + authority }

    private var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine reaches it.
    var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }

    private static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }
}
