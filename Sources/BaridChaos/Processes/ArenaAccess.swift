public import BaridTransport

/// How publishers and workers of an arena reach its broker.
public struct ArenaAccess: Sendable {
    /// Where the broker listens over TCP beside its Unix socket; nil for nowhere.
    public var listen: Endpoint?
    /// Whether publishers and workers come by ``listen``, with a key.
    ///
    /// Without, they come by the Unix socket, and ``listen`` is open to every local user.
    public var usesKeys: Bool
    /// File of that key, which the broker's keys let in; nil makes one with every right.
    public var keyFile: String?
    /// Words before the path of `barid`, such as those of `ip netns exec`; the first is a path.
    ///
    /// The default is none.
    public var actorPrefix: [String] = []

    /// A way to reach a broker; without arguments its Unix socket.
    ///
    /// - Parameters:
    ///   - listen: Where the broker listens over TCP as well.
    ///   - usesKeys: Whether publishers and workers come that way, with a key.
    ///   - keyFile: File of that key.
    public init(listen: Endpoint? = nil, usesKeys: Bool = false, keyFile: String? = nil) {
        self.listen = listen
        self.usesKeys = usesKeys
        self.keyFile = keyFile
    }

    /// What the broker has to be told of it.
    var brokerArguments: [String] {
        guard let listen else { return [] }
        return ["--listen", "\(listen)"] + (usesKeys ? [] : ["--allow-local-users"])
    }
}
