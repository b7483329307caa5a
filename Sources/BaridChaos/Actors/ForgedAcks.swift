internal import Barid
internal import BaridSchema
internal import GRPCCore

/// Settles what other workers hold: a peer with every right, and with tokens that it made up.
public enum ForgedAcks {
    /// Joins the workers' group without room for a delivery, and acks the events stored last.
    ///
    /// - Parameter arena: Where the workers are at work.
    /// - Returns: How many of the acks were refused.
    /// - Throws: `RPCError` when the broker cannot be reached.
    public static func send(to arena: Arena) async throws -> Int {
        try await BaridClient.with(
            arena.endpoint, name: "forger", logger: .quiet
        ) { client in
            let last = try await BrokerFacts(arena).last
            guard last > 0 else { return 0 }
            let first = last - min(last - 1, 200)
            let (answers, heard) = AsyncStream.makeStream(of: Void.self)
            return try await client.eventBus.subscribe(
                metadata: [:], options: .defaults,
                requestProducer: { writer in
                    try await writer.write(
                        .with {
                            $0.subscription.topic = ProvenEvent.topic
                            $0.subscription.group = ProofConfiguration.group
                            $0.subscription.types = [ProvenEvent.type]
                            $0.subscription.start.at = .first
                            $0.subscription.leaseMs = 3_000
                            $0.subscription.maximumDeliveries = 1_000
                            $0.subscription.worker = "forger"
                        })
                    try await writer.write(
                        .with {
                            $0.settleNumber = 1
                            $0.acks = (first...last).map { sequence in
                                .with {
                                    $0.firstSequence = sequence
                                    $0.count = 1
                                    $0.attempt = 1
                                }
                            }
                        })
                    // Until it was answered; the stream's end would let go what it holds, which is nothing.
                    for await _ in answers {}
                },
                onResponse: { response in
                    defer { heard.finish() }
                    var refused = 0
                    for try await message in response.messages {
                        refused += message.errors.count
                        if message.settled > 0 || refused > 0 { heard.finish() }
                    }
                    return refused
                })
        }
    }
}
