internal import Barid
internal import BaridSchema
internal import Foundation
internal import GRPCCore

/// How the broker of an arena stands, by its own word.
public struct BrokerFacts: Sendable, Hashable {
    /// Whether publishes are taken.
    public var isAccepting: Bool
    /// Events of the proof that are neither done nor dead letters.
    public var lag: UInt64
    /// Sequence of the last event of the proof.
    public var last: UInt64
    /// Refusals since the broker's start, of every kind.
    public var refused: UInt64
    /// The sessions of the proof's publishers and workers, by name.
    public var sessions: [String: String]
    /// The number of the broker's start.
    public var epoch: UInt64
    /// How far the broker's clock is from ours.
    public var clockOffset: Duration

    /// Asks.
    ///
    /// - Parameter arena: Where the broker runs.
    /// - Throws: `RPCError` when it does not answer.
    public init(_ arena: Arena) async throws {
        let (status, epoch, offset) = try await BaridClient.with(
            arena.endpoint, name: "prover", logger: .quiet
        ) { client in
            var options = CallOptions.defaults
            options.timeout = .seconds(30)
            let status = try await client.admin.getStatus(
                Barid_Admin_V1_GetStatusRequest(), options: options)
            guard case .ready(let info) = client.connection.state else {
                return (status, UInt64(0), Duration.zero)
            }
            let ours = Duration.milliseconds(Int64(Date().timeIntervalSince1970 * 1_000))
            return (status, info.brokerEpoch, info.brokerTime - ours)
        }
        clockOffset = offset
        self.epoch = epoch
        refused = status.security.refused.values.reduce(0, &+)
        let ours = status.sessions.filter {
            $0.name.hasPrefix("worker-") || $0.name.hasPrefix("publisher-")
        }
        sessions = Dictionary(ours.map { ($0.name, $0.session) }) { $1 }
        isAccepting = status.accepting
        lag = status.groups.filter { $0.group == ProofConfiguration.group }
            .reduce(0) { $0 + $1.lag }
        last = status.topics.first { $0.topic == ProvenEvent.topic }?.lastSequence ?? 0
    }
}
