internal import Barid
internal import BaridSchema
internal import GRPCCore

/// How the broker of an arena stands, by its own word.
public struct BrokerFacts: Sendable, Hashable {
    /// Whether publishes are taken.
    public var isAccepting: Bool
    /// Events of the proof that are neither done nor dead letters.
    public var lag: UInt64
    /// Sequence of the last event of the proof.
    public var last: UInt64

    /// Asks.
    ///
    /// - Parameter arena: Where the broker runs.
    /// - Throws: `RPCError` when it does not answer.
    public init(_ arena: Arena) async throws {
        let status = try await BaridClient.with(
            arena.endpoint, name: "prover", logger: .quiet
        ) { client in
            var options = CallOptions.defaults
            options.timeout = .seconds(30)
            return try await client.admin.getStatus(
                Barid_Admin_V1_GetStatusRequest(), options: options)
        }
        isAccepting = status.accepting
        lag = status.groups.filter { $0.group == ProofConfiguration.group }
            .reduce(0) { $0 + $1.lag }
        last = status.topics.first { $0.topic == ProvenEvent.topic }?.lastSequence ?? 0
    }
}
