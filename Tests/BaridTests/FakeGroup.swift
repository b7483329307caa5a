import Barid
import BaridSchema
import Foundation
import GRPCCore
import Synchronization

/// A test double of one group at the broker: delivers within credit, records what it is told.
final class FakeGroup: Barid_Bus_V1_EventBus.SimpleServiceProtocol {
    struct Told: Equatable {
        enum Kind: Equatable {
            case ack, nack, reject, extend, release
        }

        var sequence: UInt64
        var attempt: UInt32
        var kind: Kind
        var outputs: [EventEnvelope] = []
        var error = Barid_Bus_V1_BusError()
        var delay: UInt32 = 0
    }

    struct State {
        var waiting: [(sequence: UInt64, attempt: UInt32, event: EventEnvelope)] = []
        var leased: [UInt64: (attempt: UInt32, event: EventEnvelope)] = [:]
        var told: [Told] = []
        var ranges: [Barid_Bus_V1_AckRange] = []
        var subscriptions: [Barid_Bus_V1_Subscription] = []
        var halfClosed = 0
        var nextSequence: UInt64 = 1
        var credit = 0
        var creditBytes = 0
        var largestLease = 0
        var settled: UInt64 = 0
        var answers: [Barid_Bus_V1_SettleError] = []
        var broken: RPCError?
        var wake: AsyncStream<Void>.Continuation?
    }

    let state = Mutex(State())
    /// Lease of the deliveries.
    let leaseMilliseconds: UInt32
    /// Whether nacked and released events come again at once.
    let redelivers: Bool
    /// What to answer an ack with outputs, by sequence and how often it was told.
    let refusal: @Sendable (UInt64, Int) -> RPCError?

    init(
        leaseMilliseconds: UInt32 = 30_000, redelivers: Bool = true,
        refusal: @escaping @Sendable (UInt64, Int) -> RPCError? = { _, _ in nil }
    ) {
        self.leaseMilliseconds = leaseMilliseconds
        self.redelivers = redelivers
        self.refusal = refusal
    }

    func add(_ events: [EventEnvelope]) {
        let wake = state.withLock { state in
            for event in events {
                state.waiting.append((state.nextSequence, 1, event))
                state.nextSequence += 1
            }
            return state.wake
        }
        wake?.yield()
    }

    /// Ends the stream with an error; what was leased waits again with another attempt.
    func breakStream(_ error: RPCError) {
        let wake = state.withLock { state in
            state.broken = error
            return state.wake
        }
        wake?.yield()
    }

    /// Waits until what was told makes `condition` true.
    func until(_ condition: @Sendable (State) -> Bool) async throws {
        while !state.withLock({ condition($0) }) {
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func subscribe(
        request: RPCAsyncSequence<Barid_Bus_V1_SubscribeRequest, any Error>,
        response: RPCWriter<Barid_Bus_V1_SubscribeResponse>, context: ServerContext
    ) async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self)
        let epoch = state.withLock { state in
            state.wake = wake
            state.credit = 0
            state.creditBytes = 0
            state.settled = 0
            return UInt64(state.subscriptions.count + 1)
        }
        try await response.write(
            .with {
                $0.started.epoch = epoch
                $0.started.group = "test"
                $0.started.leaseMs = self.leaseMilliseconds
            })
        // The requests may not end by themselves when the test breaks the stream.
        let reader = Task {
            defer { wake.finish() }
            for try await request in request {
                self.take(request)
                wake.yield()
            }
            self.state.withLock { $0.halfClosed += 1 }
        }
        defer { reader.cancel() }
        for await _ in wakes {
            if let answer = try self.answer() { try await response.write(answer) }
        }
    }

    private func take(_ request: Barid_Bus_V1_SubscribeRequest) {
        state.withLock { state in
            if request.hasSubscription { state.subscriptions.append(request.subscription) }
            state.credit += Int(request.credit)
            state.creditBytes += Int(request.creditBytes)
            state.ranges += request.acks
            for range in request.acks {
                for sequence in range.firstSequence..<(range.firstSequence + UInt64(range.count)) {
                    settle(
                        Told(sequence: sequence, attempt: range.attempt, kind: .ack), &state)
                }
            }
            for settlement in request.settlements { settle(settlement, &state) }
            if request.settleNumber > 0 { state.settled = request.settleNumber }
        }
    }

    private func settle(_ settlement: Barid_Bus_V1_Settlement, _ state: inout State) {
        var told = Told(
            sequence: settlement.sequence, attempt: settlement.attempt, kind: .extend)
        switch settlement.outcome {
        case .ack(let ack):
            told.kind = .ack
            told.outputs = ack.outputs.compactMap { try? EventEnvelope(serialized: Array($0)) }
        case .nack(let nack):
            told.kind = .nack
            told.error = nack.error
            told.delay = nack.delayMs
        case .reject(let reject):
            told.kind = .reject
            told.error = reject.error
        case .release(let release):
            told.kind = .release
            told.error = release.error
            told.delay = release.pauseMs
        case .extend, nil: told.kind = .extend
        }
        settle(told, &state)
    }

    private func settle(_ told: Told, _ state: inout State) {
        state.told.append(told)
        guard let held = state.leased[told.sequence], held.attempt == told.attempt else {
            return answer(told, RPCError(code: .failedPrecondition, message: "stale"), &state)
        }
        let times = state.told.count { $0.sequence == told.sequence && $0.kind == .ack }
        if told.kind == .ack, !told.outputs.isEmpty, let error = refusal(told.sequence, times) {
            return answer(told, error, &state)
        }
        guard told.kind != .extend else { return }
        state.leased[told.sequence] = nil
        guard redelivers, told.kind == .nack || told.kind == .release else { return }
        state.waiting.append((told.sequence, held.attempt + 1, held.event))
    }

    private func answer(_ told: Told, _ error: RPCError, _ state: inout State) {
        state.answers.append(
            .with {
                $0.sequence = told.sequence
                $0.attempt = told.attempt
                $0.error = Barid_Bus_V1_BusError(error)
            })
    }

    private func answer() throws -> Barid_Bus_V1_SubscribeResponse? {
        try state.withLock { state in
            if let error = state.broken {
                state.broken = nil
                for (sequence, held) in state.leased {
                    state.waiting.append((sequence, held.attempt + 1, held.event))
                }
                state.leased = [:]
                throw error
            }
            var response = Barid_Bus_V1_SubscribeResponse()
            response.settled = state.settled
            response.errors = state.answers
            state.answers = []
            while state.credit > 0, state.creditBytes > 0, !state.waiting.isEmpty {
                let next = state.waiting.removeFirst()
                let bytes = try next.event.serialized()
                state.credit -= 1
                state.creditBytes -= bytes.count
                state.leased[next.sequence] = (next.attempt, next.event)
                response.events.append(Data(bytes))
                response.sequences.append(next.sequence)
                response.attempts.append(next.attempt)
            }
            if response.attempts.allSatisfy({ $0 == 1 }) { response.attempts = [] }
            state.largestLease = max(state.largestLease, state.leased.count)
            return response
        }
    }

    func publish(
        request: RPCAsyncSequence<Barid_Bus_V1_PublishRequest, any Error>,
        response: RPCWriter<Barid_Bus_V1_PublishResponse>, context: ServerContext
    ) async throws {
        throw RPCError(code: .unimplemented, message: "not in this double")
    }

    func read(
        request: Barid_Bus_V1_ReadRequest, response: RPCWriter<Barid_Bus_V1_ReadResponse>,
        context: ServerContext
    ) async throws {
        throw RPCError(code: .unimplemented, message: "not in this double")
    }
}
