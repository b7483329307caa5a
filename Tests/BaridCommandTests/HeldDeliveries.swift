import Barid
import BaridSchema
import Synchronization
import TestSupport

/// What a worker was handed and has not settled: the test says when, and how.
final class HeldDeliveries: Sendable {
    private struct State {
        var held: [UInt64: UInt32] = [:]
        var acksAll = false
        var number: UInt64 = 0
    }

    private let state = Mutex(State())
    private let post: AsyncStream<Barid_Bus_V1_SubscribeRequest>.Continuation

    fileprivate init(_ post: AsyncStream<Barid_Bus_V1_SubscribeRequest>.Continuation) {
        self.post = post
    }

    /// Waits until an event is here.
    func wait(for sequence: UInt64, attempt: UInt32 = 1) async throws {
        try await eventually("event \(sequence) as attempt \(attempt)") {
            state.withLock { $0.held[sequence] ?? 0 } >= attempt ? () : nil
        }
    }

    /// Waits until any event is here.
    func waitForAny() async throws -> UInt64 {
        try await eventually("a delivery") { state.withLock { $0.held.keys.min() } }
    }

    /// Settles an event that is here, and has room for another.
    func settle(
        _ sequence: UInt64,
        _ outcome: (inout Barid_Bus_V1_Settlement) -> Void = { $0.ack = .init() }
    ) {
        var settlement = Barid_Bus_V1_Settlement()
        settlement.sequence = sequence
        outcome(&settlement)
        let settled = settlement
        state.withLock { state in
            settle(&state, [settled.with(attempt: state.held.removeValue(forKey: sequence) ?? 1)])
        }
    }

    /// Acks what is here and what comes.
    func ackAll() {
        state.withLock { state in
            state.acksAll = true
            ackHeld(&state)
        }
    }

    fileprivate func take(_ response: Barid_Bus_V1_SubscribeResponse) {
        state.withLock { state in
            for (index, sequence) in response.sequences.enumerated() {
                state.held[sequence] =
                    response.attempts.isEmpty ? 1 : response.attempts[index]
            }
            if state.acksAll { ackHeld(&state) }
        }
    }

    private func ackHeld(_ state: inout State) {
        guard !state.held.isEmpty else { return }
        let settlements = state.held.sorted { $0.key < $1.key }.map { sequence, attempt in
            Barid_Bus_V1_Settlement.with {
                $0.sequence = sequence
                $0.ack = .init()
            }.with(attempt: attempt)
        }
        state.held = [:]
        settle(&state, settlements)
    }

    private func settle(_ state: inout State, _ settlements: [Barid_Bus_V1_Settlement]) {
        state.number += 1
        let number = state.number
        post.yield(
            .with {
                $0.settleNumber = number
                $0.settlements = settlements
                $0.credit = UInt32(settlements.count)
                $0.creditBytes = UInt64(settlements.count) << 20
            })
    }
}

extension Barid_Bus_V1_Settlement {
    fileprivate func with(attempt: UInt32) -> Self {
        var settlement = self
        settlement.attempt = attempt
        return settlement
    }
}

extension OperatedBroker {
    /// Works for a group for as long as `body` runs, then leaves with what it still holds.
    func holding<Result: Sendable>(
        group: String, topic: String = "articles", types: [String] = [], credit: UInt32 = 100,
        _ body: @Sendable (HeldDeliveries) async throws -> Result
    ) async throws -> Result {
        try await withClient { client in
            let (requests, post) = AsyncStream.makeStream(of: Barid_Bus_V1_SubscribeRequest.self)
            let held = HeldDeliveries(post)
            post.yield(
                .with {
                    $0.subscription.topic = topic
                    $0.subscription.group = group
                    $0.subscription.types = types
                    $0.subscription.worker = "\(group)-worker"
                    $0.credit = credit
                    $0.creditBytes = 1 << 25
                })
            return try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await client.eventBus.subscribe(
                        metadata: [:], options: .defaults,
                        requestProducer: { writer in
                            for await request in requests { try await writer.write(request) }
                        },
                        onResponse: { response in
                            for try await message in response.messages { held.take(message) }
                        })
                }
                defer { post.finish() }
                return try await body(held)
            }
        }
    }
}
