internal import Barid
internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf
internal import Synchronization

/// One Subscribe stream as the scripted broker sees it: what the worker said, and what to answer.
final class SubscribeStream: RawReceiver, Sendable {
    /// A settlement of one delivery, in the order of arrival.
    struct Settled: Sendable {
        var sequence: UInt64
        var attempt: UInt32
        var outcome: Barid_Bus_V1_Settlement.OneOf_Outcome
        var at: ContinuousClock.Instant

        /// The outcome in a word.
        var word: String {
            switch outcome {
            case .ack: "ack"
            case .nack(let nack): "nack (\(nack.error.message))"
            case .reject(let reject): "reject (\(reject.error.message))"
            case .extend: "extend"
            case .release(let release): "release (\(release.error.message))"
            }
        }
    }

    /// Under what a delivery is out.
    private struct Token: Equatable {
        var attempt: UInt32
        var turn: UInt64
    }

    private struct State {
        var subscription: Barid_Bus_V1_Subscription?
        var requests = 0
        var granted = 0
        var firstGrant: Int?
        var delivered: [UInt64: Token] = [:]
        var settled: [Settled] = []
        var settleNumbers: [UInt64] = []
        var problems: [String] = []
        var refusals: [UInt64: Barid_Bus_V1_BusError] = [:]
        var confirms = true
        var isHalfClosed = false
        var closed: RawCloseReason?
    }

    private let stream: RawStream
    private let state = Mutex(State())

    init(_ stream: RawStream) { self.stream = stream }

    var subscription: Barid_Bus_V1_Subscription? { state.withLock { $0.subscription } }
    var granted: Int { state.withLock { $0.granted } }
    var firstGrant: Int? { state.withLock { $0.firstGrant } }
    var isHalfClosed: Bool { state.withLock { $0.isHalfClosed } }
    var closed: RawCloseReason? { state.withLock { $0.closed } }
    var settleNumbers: [UInt64] { state.withLock { $0.settleNumbers } }
    var session: SessionDescription { stream.session }

    /// What the worker did that it must not.
    var problems: [String] { state.withLock { $0.problems } }

    /// Every settlement but extensions.
    var ends: [Settled] {
        state.withLock { state in
            state.settled.filter { if case .extend = $0.outcome { false } else { true } }
        }
    }

    /// Extensions of a delivery's lease.
    func extensions(of sequence: UInt64) -> [Settled] {
        state.withLock { state in
            state.settled.filter {
                if case .extend = $0.outcome { $0.sequence == sequence } else { false }
            }
        }
    }

    /// The end of a delivery; nil while there is none.
    func end(of sequence: UInt64) -> Settled? { ends.last { $0.sequence == sequence } }

    // MARK: What the broker says

    /// The subscription stands.
    ///
    /// - Parameter lease: How long leases are; nil means what the worker asked for.
    func start(lease: Duration? = nil) {
        let asked = subscription
        send {
            $0.started.epoch = 1
            $0.started.group = asked?.group ?? ""
            $0.started.leaseMs =
                lease.map {
                    UInt32($0.components.seconds * 1000)
                        + UInt32($0.components.attoseconds / 1_000_000_000_000_000)
                }
                ?? (asked?.leaseMs ?? 30_000)
            $0.started.maximumDeliveries = 5
        }
    }

    /// Hands an event out.
    func deliver(
        _ event: [UInt8], sequence: UInt64, attempt: UInt32 = 1, turn: UInt64 = 0,
        replay: UInt32 = 0
    ) {
        state.withLock { $0.delivered[sequence] = Token(attempt: attempt, turn: turn) }
        send {
            $0.events = [Data(event)]
            $0.sequences = [sequence]
            if attempt != 1 { $0.attempts = [attempt] }
            if replay != 0 { $0.replays = [replay] }
            if turn != 0 { $0.turns = [turn] }
        }
    }

    /// The next ack of this delivery is refused so.
    func refuseAck(of sequence: UInt64, _ error: Barid_Bus_V1_BusError) {
        state.withLock { $0.refusals[sequence] = error }
    }

    /// Whether settlements are confirmed at once.
    func confirms(_ confirms: Bool) {
        let number = state.withLock { state in
            state.confirms = confirms
            return confirms ? state.settleNumbers.last : nil
        }
        if let number { send { $0.settled = number } }
    }

    func drain() { send { $0.draining = true } }

    func finish(_ status: Status) { stream.finish(status) }

    private func send(_ change: (inout Barid_Bus_V1_SubscribeResponse) -> Void) {
        var response = Barid_Bus_V1_SubscribeResponse()
        change(&response)
        guard let bytes: [UInt8] = try? response.serializedBytes() else { return }
        try? stream.send(bytes)
    }

    // MARK: What the worker says

    func received(_ message: [UInt8]) {
        guard let request = try? Barid_Bus_V1_SubscribeRequest(serializedBytes: message) else {
            return state.withLock { $0.problems.append("a request that is no SubscribeRequest") }
        }
        let (confirmed, errors) = state.withLock { state in take(request, into: &state) }
        guard let confirmed else { return }
        send {
            $0.errors = errors
            $0.settled = confirmed
        }
    }

    private func take(
        _ request: Barid_Bus_V1_SubscribeRequest, into state: inout State
    ) -> (UInt64?, [Barid_Bus_V1_SettleError]) {
        state.requests += 1
        if request.hasSubscription {
            if state.requests > 1 { state.problems.append("a second subscription") }
            state.subscription = request.subscription
        } else if state.requests == 1 {
            state.problems.append("the first request has no subscription")
        }
        if request.credit > 0 {
            state.granted += Int(request.credit)
            if state.firstGrant == nil { state.firstGrant = Int(request.credit) }
        }
        var settlements = request.settlements
        for range in request.acks {
            for offset in 0..<min(range.count, 10_000) {
                settlements.append(
                    .with {
                        $0.sequence = range.firstSequence &+ UInt64(offset)
                        $0.attempt = range.attempt
                        $0.turn = range.turn
                        $0.ack = Barid_Bus_V1_Ack()
                    })
            }
        }
        guard !settlements.isEmpty else {
            if request.settleNumber != 0 {
                state.problems.append("a settle_number on a request that settles nothing")
            }
            return (nil, [])
        }
        if request.settleNumber != UInt64(state.settleNumbers.count) + 1 {
            state.problems.append(
                "settle_number \(request.settleNumber) after \(state.settleNumbers.count)")
        }
        state.settleNumbers.append(request.settleNumber)
        var errors: [Barid_Bus_V1_SettleError] = []
        for settlement in settlements {
            if let error = settle(settlement, into: &state) { errors.append(error) }
        }
        return (state.confirms ? request.settleNumber : nil, errors)
    }

    private func settle(
        _ settlement: Barid_Bus_V1_Settlement, into state: inout State
    ) -> Barid_Bus_V1_SettleError? {
        let sequence = settlement.sequence
        guard let outcome = settlement.outcome else {
            state.problems.append("a settlement of \(sequence) without an outcome")
            return nil
        }
        let token = Token(attempt: settlement.attempt, turn: settlement.turn)
        guard state.delivered[sequence] == token else {
            state.problems.append(
                "a settlement of sequence \(sequence), attempt \(token.attempt), turn \(token.turn), "
                    + "that is not out")
            return nil
        }
        state.settled.append(
            Settled(
                sequence: sequence, attempt: settlement.attempt, outcome: outcome, at: .now))
        if case .extend = outcome { return nil }
        if case .ack = outcome, let error = state.refusals.removeValue(forKey: sequence) {
            return .with {
                $0.sequence = sequence
                $0.attempt = settlement.attempt
                $0.turn = settlement.turn
                $0.error = error
            }
        }
        state.delivered[sequence] = nil
        return nil
    }

    func halfClosed() {
        state.withLock { $0.isHalfClosed = true }
        stream.finish(Status(code: .ok, message: ""))
    }

    func closed(_ reason: RawCloseReason) { state.withLock { $0.closed = reason } }
}
