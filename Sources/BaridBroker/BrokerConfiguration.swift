public import BaridMetrics
public import BaridTransport
public import Logging

/// Settings of a broker.
public struct BrokerConfiguration: Sendable {
    /// Where to listen; the first is the one people are told.
    public var endpoints: [Endpoint]
    /// The folder of the log; it is made if need be.
    ///
    /// Not used with ``Durability/memory``.
    public var dataFolder: String
    /// How durable a receipt is.
    ///
    /// The default is fsync.
    public var durability = Durability.fsync
    /// Settings of the core.
    public var core = CoreConfiguration()
    /// How long to wait for leased deliveries and open calls when the broker stops.
    ///
    /// The default is 5 s.
    public var drainLimit = Duration.seconds(5)
    /// Whether loopback TCP takes any local user without a key, with all rights.
    ///
    /// The default is false: other users of the machine can connect there.
    public var allowsLocalUsers = false
    /// The folder of keys, for endpoints that ask for them; made when it is missing.
    ///
    /// The default is `keys` in the data folder.
    public var keyFolder: String
    /// What peers together may take.
    public var peers = PeerLimits()
    /// Where figures are served; Protocols/8-observability §1.
    ///
    /// The default is nowhere.
    public var metrics: MetricsAddress?
    /// The version told to operators.
    public var version = "0.1.0"
    /// Where the broker logs.
    public var logger = Logger(label: "barid.broker")

    /// Settings with every default.
    ///
    /// - Parameters:
    ///   - endpoints: Where to listen; at least one.
    ///   - dataFolder: The folder of the log.
    public init(endpoints: [Endpoint], dataFolder: String) {
        self.endpoints = endpoints
        self.dataFolder = dataFolder
        keyFolder = "\(dataFolder)/keys"
    }
}
