internal import Barid
public import BaridTransport
internal import GRPCCore
internal import Logging

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The worker of a proof: does as the events say, and writes down every delivery and settlement.
public struct ProvenWorker: Sendable {
    /// Where the broker is.
    public var endpoint: Endpoint
    /// The key, where the broker asks for one.
    ///
    /// The default is none.
    public var key: ClientKey?
    /// Its name.
    public var name: String
    /// The group it shares with the other workers.
    public var group: String
    /// Deliveries it has room for.
    public var credit: UInt32
    /// Its lease.
    public var lease: Duration
    /// File of its history; it does not exist yet.
    public var history: String
    /// After so many failed attempts an event is a dead letter.
    ///
    /// The default is 1,000, the most: what a plan of faults does to an event is not its fault.
    public var maximumDeliveries: UInt32 = 1_000
    /// Folder in which its work takes effect, shared with the other workers; nil for none.
    ///
    /// The default is none.
    public var effects: String?
    /// Whether it acks before its work takes effect, as no worker may: for a proof that has to fail.
    ///
    /// The default is false.
    public var acksTooEarly = false

    /// A worker.
    ///
    /// - Parameters:
    ///   - endpoint: Where the broker is.
    ///   - name: Its name.
    ///   - group: The group it shares with the other workers.
    ///   - credit: Deliveries it has room for.
    ///   - lease: Its lease.
    ///   - history: File of its history.
    public init(
        endpoint: Endpoint, name: String, group: String, credit: UInt32, lease: Duration,
        history: String
    ) {
        self.endpoint = endpoint
        self.name = name
        self.group = group
        self.credit = credit
        self.lease = lease
        self.history = history
    }

    /// Works until it is told to stop, and then until what it holds is settled.
    ///
    /// - Parameter stop: Ends the work.
    /// - Throws: `RPCError` when the history cannot be written or the broker refuses for good.
    public func run(until stop: StopFlag) async throws {
        let writer = try HistoryWriter(path: history, actor: name)
        let effects = try effects.map(EffectStore.init)
        try await BaridClient.with(
            endpoint, name: name, key: key, wait: .seconds(3_600), logger: Logger(label: name)
        ) { client in
            var number = 0
            while !stop.isSet {
                number += 1
                let stream = WorkStream(
                    worker: self, session: "\(name).\(getpid()).\(number)", writer: writer,
                    effects: effects, stop: stop)
                do {
                    try await stream.run(on: client)
                } catch let error as RPCError
                    where error.code != .dataLoss && Fate(error.code) != .deadLetter
                {
                    // The broker is away; it will be back, or somebody sets the flag.
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
