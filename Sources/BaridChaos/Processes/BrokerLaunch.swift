/// How a broker is started: plainly, or under a tool or a shim that makes things go wrong.
public struct BrokerLaunch: Sendable, Hashable {
    /// Words before the broker's path, such as those of `strace`; the first is a path.
    public var prefix: [String]
    /// More arguments of the broker.
    public var arguments: [String]
    /// Variables added to its environment.
    public var environment: [String: String]

    /// A way to start a broker.
    ///
    /// - Parameters:
    ///   - prefix: Words before the broker's path. The default is none.
    ///   - arguments: More arguments of the broker. The default is none.
    ///   - environment: Variables added to its environment. The default is none.
    public init(
        prefix: [String] = [], arguments: [String] = [], environment: [String: String] = [:]
    ) {
        self.prefix = prefix
        self.arguments = arguments
        self.environment = environment
    }
}
