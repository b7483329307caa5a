/// What a client or worker tells the broker about itself when it says hello.
///
/// Every field may stay empty: a plain client needs none of them.
public struct Registration: Sendable, Hashable {
    /// The name people see, such as `barid-parser`; for a client its command.
    public var name = ""

    /// The version of the program, as people see it.
    public var version = ""

    /// The group the worker subscribes in, for display; empty for clients.
    public var group = ""

    /// The gRPC services this peer serves, fully qualified, such as `barid.tagger.v1.EntityTagger`.
    ///
    /// Calls to them reach the ``Connection/serverTransport`` of this connection.
    public var services: [String] = []

    /// Types of the events it emits, all of them; nil when it does not say, and may emit any.
    ///
    /// An output of another type is refused and becomes a dead letter.
    public var emits: [String]?

    /// Calls and events this peer works on at once; the broker forwards no more calls than that.
    ///
    /// The default is 8.
    public var concurrency = 8

    /// Further text the peer wants known, such as `host`; keys in lower case.
    ///
    /// Keys that begin with `barid-` are the protocol's own and are left out.
    public var extra: [String: String] = [:]

    /// A registration with every default.
    public init() {}

    /// A registration of a worker or client.
    ///
    /// - Parameters:
    ///   - name: The name people see.
    ///   - services: The gRPC services this peer serves, fully qualified.
    ///   - concurrency: Calls and events it works on at once.
    public init(name: String, services: [String] = [], concurrency: Int = 8) {
        self.name = name
        self.services = services
        self.concurrency = concurrency
    }
}
