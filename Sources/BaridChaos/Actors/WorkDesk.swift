internal import BaridSchema
internal import Foundation

/// What a proof's worker holds and has said on one Subscribe stream, as a value: no clock, no stream.
///
/// It is not the library's worker on purpose: it settles late, out of order and in batches, tells
/// when a settlement is durable, and goes on after a pause as if nothing had been.
struct WorkDesk {
    typealias Instant = ContinuousClock.Instant

    /// A delivery under its fencing token.
    struct Held: Sendable, Hashable {
        var token: LeaseToken
        var event: String
        var publisher: String
        var key: String
        var hash: UInt64
        var order: ProvenEvent.Order
        var due: Instant
    }

    /// How a delivery is settled; an ack with the event emitted in the same record, if any.
    enum How: Equatable {
        case ack(output: ProvenOutput?)
        case nack
        case reject
    }

    /// What happened, for the history.
    enum Note: Equatable {
        case delivered(Held)
        /// A settlement is about to be sent.
        case settling(Held, How)
        /// The broker said that it is durable.
        case settled(Held, How)
        /// The broker said that it changed nothing.
        case stale(Held, How)
        /// The worker is to die now.
        case poisoned(Held)
        /// A delivery that no proof published.
        case phantom(LeaseToken, event: String)
    }

    private struct Sent {
        var number: UInt64
        var held: Held
        var how: How
    }

    private(set) var epoch: UInt64 = 0
    private var held: [Held] = []
    private var sent: [Sent] = []
    private var credit: UInt32
    private var creditBytes: UInt64
    private var settleNumber: UInt64 = 0
    private var isDraining = false

    init(credit: UInt32) {
        self.credit = credit
        creditBytes = 16 << 20
    }

    /// Nothing is held and everything that was said is durable.
    var isIdle: Bool { held.isEmpty && sent.isEmpty }

    /// What was settled and not confirmed.
    var unanswered: [(held: Held, how: How)] { sent.map { ($0.held, $0.how) } }

    /// Grants nothing more.
    mutating func drain() { isDraining = true }

    mutating func receive(
        _ response: Barid_Bus_V1_SubscribeResponse, now: Instant
    ) throws -> [Note] {
        var notes: [Note] = []
        if response.hasStarted { epoch = response.started.epoch }
        for (index, bytes) in response.events.enumerated() where index < response.sequences.count {
            let attempt = index < response.attempts.count ? response.attempts[index] : 1
            let token = LeaseToken(
                epoch: epoch, sequence: response.sequences[index], attempt: attempt,
                turn: index < response.turns.count ? response.turns[index] : 0)
            notes.append(try delivered(bytes, token, now: now))
        }
        for error in response.errors {
            let place = sent.firstIndex {
                $0.held.token.sequence == error.sequence && $0.held.token.attempt == error.attempt
                    && $0.held.token.turn == error.turn
            }
            guard let place else { continue }
            let stale = sent.remove(at: place)
            notes.append(.stale(stale.held, stale.how))
        }
        if response.settled > 0 {
            for done in sent where done.number <= response.settled {
                notes.append(.settled(done.held, done.how))
            }
            sent.removeAll { $0.number <= response.settled }
        }
        return notes
    }

    private mutating func delivered(
        _ bytes: Data, _ token: LeaseToken, now: Instant
    ) throws -> Note {
        let event = try Barid_Bus_V1_Event(serializedBytes: bytes)
        credit += 1
        creditBytes += UInt64(bytes.count)
        guard let order = ProvenEvent.order(of: event.binaryData) else {
            return .phantom(token, event: event.id)
        }
        let held = Held(
            token: token, event: event.id,
            publisher: event.source.split(separator: "/").last.map(String.init) ?? "",
            key: event.subject, hash: PayloadHash.of(event.binaryData), order: order.order,
            due: now + order.work)
        self.held.append(held)
        return .delivered(held)
    }

    /// The next request and what it means for the history, if there is anything to say.
    mutating func takeRequest(
        now: Instant
    ) throws -> (request: Barid_Bus_V1_SubscribeRequest, notes: [Note])? {
        var request = Barid_Bus_V1_SubscribeRequest()
        var notes: [Note] = []
        let due = held.filter { $0.due <= now }
        held.removeAll { $0.due <= now }
        settleNumber += due.isEmpty ? 0 : 1
        for held in due { notes.append(try settle(held, in: &request)) }
        if !due.isEmpty { request.settleNumber = settleNumber }
        if !isDraining {
            request.credit = credit
            request.creditBytes = creditBytes
            (credit, creditBytes) = (0, 0)
        }
        guard !due.isEmpty || request.credit > 0 else { return nil }
        return (request, notes)
    }

    private mutating func settle(
        _ held: Held, in request: inout Barid_Bus_V1_SubscribeRequest
    ) throws -> Note {
        var settlement = Barid_Bus_V1_Settlement()
        settlement.sequence = held.token.sequence
        settlement.attempt = held.token.attempt
        settlement.turn = held.token.turn
        let how: How
        switch held.order {
        case .poison:
            return .poisoned(held)
        case .retry where held.token.attempt == 1:
            settlement.nack = .with { $0.delayMs = 20 }
            how = .nack
        case .reject:
            settlement.reject = .with {
                $0.error.code = 3
                $0.error.message = "as ordered"
            }
            how = .reject
        case .emit:
            let output = ProvenOutput(of: held)
            settlement.ack.outputs = [try output.serialized()]
            how = .ack(output: output)
        case .ack, .retry:
            request.acks.append(
                .with {
                    $0.firstSequence = held.token.sequence
                    $0.count = 1
                    $0.attempt = held.token.attempt
                    $0.turn = held.token.turn
                })
            how = .ack(output: nil)
        }
        if settlement.outcome != nil { request.settlements.append(settlement) }
        sent.append(Sent(number: settleNumber, held: held, how: how))
        return .settling(held, how)
    }
}

/// The fencing token of a delivery, as far as its group does not say it.
struct LeaseToken: Sendable, Hashable {
    var epoch: UInt64
    var sequence: UInt64
    var attempt: UInt32
    var turn: UInt64 = 0
}
