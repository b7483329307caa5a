import Barid
import BaridSchema
import GRPCCore

/// An event of the log, with its place and the instant of storing.
struct StoredEvent: Sendable {
    var event: Barid_Bus_V1_Event
    var sequence: UInt64
    var storedNanoseconds: UInt64
}

/// Reads a topic, over losses of the broker: each new try goes on where the last one ended.
struct EventReader: Sendable {
    let client: BaridClient
    /// Called when the broker is lost, once for each time.
    var onLoss: @Sendable () -> Void = {}

    /// Hands over events in order.
    ///
    /// - Parameters:
    ///   - request: What to read.
    ///   - deadline: When to give up; nil is never.
    ///   - take: Returns false to end the reading.
    /// - Throws: `RPCError` with code `.deadlineExceeded` at the deadline, what `take` throws, and
    ///   every refusal but the loss of the broker.
    func read(
        _ request: Barid_Bus_V1_ReadRequest, deadline: ContinuousClock.Instant?,
        _ take: @escaping @Sendable (StoredEvent) async throws -> Bool
    ) async throws {
        var request = request
        while true {
            var options = CallOptions.defaults
            if let deadline {
                let rest = deadline - ContinuousClock.now
                guard rest > .zero else {
                    throw RPCError(code: .deadlineExceeded, message: "the time is over")
                }
                options.timeout = rest
            }
            do {
                let (next, isOver) = try await once(request, options, take)
                guard !isOver, request.follow else { return }
                request = Self.resumed(request, at: next)
            } catch let lost as LostBroker {
                request = Self.resumed(request, at: lost.next)
                try await waitForBroker()
            } catch let error as RPCError where error.code == .unavailable {
                try await waitForBroker()
            }
        }
    }

    private func waitForBroker() async throws {
        onLoss()
        // The session may stand although the call failed: a broker that is just stopping.
        try await Task.sleep(for: .milliseconds(200))
        try await client.connection.waitUntilReady(within: .seconds(86_400))
    }

    private struct LostBroker: Error {
        /// Everything before it was handed over; nil when nothing was.
        var next: UInt64?
    }

    private static func resumed(
        _ request: Barid_Bus_V1_ReadRequest, at next: UInt64?
    )
        -> Barid_Bus_V1_ReadRequest
    {
        guard let next else { return request }
        var request = request
        request.start.at = .sequence
        request.start.sequence = next
        return request
    }

    private func once(
        _ request: Barid_Bus_V1_ReadRequest, _ options: CallOptions,
        _ take: @escaping @Sendable (StoredEvent) async throws -> Bool
    ) async throws -> (next: UInt64?, isOver: Bool) {
        try await client.eventBus.read(request, options: options) { response in
            var next: UInt64?
            do {
                for try await part in response.messages {
                    for (index, bytes) in part.events.enumerated() {
                        guard index < part.sequences.count else { break }
                        let stored = StoredEvent(
                            event: try Barid_Bus_V1_Event(serializedBytes: bytes),
                            sequence: part.sequences[index],
                            storedNanoseconds: index < part.storedNs.count
                                ? part.storedNs[index] : 0)
                        guard try await take(stored) else { return (next, true) }
                        next = stored.sequence + 1
                    }
                    if part.nextSequence > 0 { next = part.nextSequence }
                }
                return (next, false)
            } catch let error as RPCError where error.code == .unavailable {
                throw LostBroker(next: next)
            }
        }
    }
}
