internal import BaridSchema
internal import Foundation
internal import GRPCCore

/// One event as the broker handed it over.
struct Delivery: Equatable {
    var sequence: UInt64
    var attempt: UInt32
    var turn: UInt64 = 0
    var replay: UInt32
    var bytes: Data

    /// Whether both are the same handing-out of the same event.
    func isSame(as other: Delivery) -> Bool {
        sequence == other.sequence && attempt == other.attempt && turn == other.turn
    }
}

/// What became of a delivery in the handler.
enum HandlingResult {
    case outputs([Data])
    case failed(RPCError)
}

/// The deliveries a worker holds on one Subscribe stream, and what it has to tell the broker: a
/// value, with no clock, stream or task inside.
///
/// A delivery is `queued`, then `running`, then gone; its settlement waits in the outbox until a
/// request takes it, and counts as open until the broker said that the request is durable. An ack
/// the broker had no room for is `deferred` and sent again. Protocols/2-bus.md, Subscribe.
struct DeliveryLedger {
    typealias Instant = ContinuousClock.Instant

    struct Configuration {
        var concurrency: Int
        /// Deliveries held at once, running ones included.
        var credit: Int
        var creditBytes: Int
        var deadline: Duration
        /// Most bytes of outputs in one request, unless it is one settlement.
        var requestBytes = 512 << 10
        /// Most settlements in one request.
        var requestSettlements = 1_024
        /// Acks wait for company while so many settling requests are not confirmed.
        ///
        /// The first ones leave at once, so a lone ack is never held up; under load acks gather for
        /// as long as the broker's commit takes, and no longer, whatever the disk is like.
        var requestsUnderWay: UInt64 = 2
        /// Results wait for company so long at most, while the worker has more to do.
        ///
        /// Told one by one, those of slow handlers cost the broker a commit each, and threads on both
        /// sides a wake-up. The last one leaves at once, so a lone event is never held up. The
        /// default is 30 ms: with 120 articles/s four results together, and the pipeline's bus takes
        /// half of what it takes without.
        var gathering = Duration.milliseconds(30)
        /// Results of slow handlers in the last tenth of a second with which waiting is worth its timer:
        /// with fewer nobody comes in time, and more come together by themselves.
        var gatheringPace = 5...200
        /// From that time on a handler is slow; those of others follow one another anyway.
        var slowHandling = Duration.milliseconds(1)
        /// So many results leave, whatever the time: enough of the credit stays at work.
        var gatheredResults: Int { min(16, credit / 2) }
    }

    private struct Held {
        var delivery: Delivery
        var renewed: Instant
        /// Until then the lease is extended.
        var deadline: Instant
        var isRunning = false
    }

    private struct Sent {
        var number: UInt64
        var settlement: Barid_Bus_V1_Settlement
    }

    private struct Deferred {
        var due: Instant
        var renewed: Instant
        var settlement: Barid_Bus_V1_Settlement
    }

    let configuration: Configuration
    private(set) var isDraining = false
    private(set) var running = 0
    private var lease = Duration.seconds(30)
    private var held: [UInt64: Held] = [:]
    private var queue = FIFO<UInt64>()
    private var credit = 0
    private var creditBytes = 0
    /// Results of handlers among `acks` and `settlements`, and when the first of them came.
    private var results = 0
    private var firstResult: Instant?
    private var pace = ResultPace()
    private var acks: [(sequence: UInt64, turn: UInt64, attempt: UInt32)] = []
    private var settlements: [Barid_Bus_V1_Settlement] = []
    private var sent: [Sent] = []
    private var deferred: [Deferred] = []
    private var settleNumber: UInt64 = 0
    private var confirmed: UInt64 = 0

    init(configuration: Configuration) {
        self.configuration = configuration
        credit = configuration.credit
        creditBytes = configuration.creditBytes
    }

    /// Everything is handled, told and durable.
    var isSettled: Bool {
        held.isEmpty && acks.isEmpty && settlements.isEmpty && deferred.isEmpty
            && confirmed >= settleNumber
    }

    var heldCount: Int { held.count }

    // MARK: From the broker

    mutating func started(_ started: Barid_Bus_V1_Started) {
        if started.leaseMs > 0 { lease = .milliseconds(started.leaseMs) }
    }

    /// - Throws: `.internalError` if the parallel arrays do not fit each other.
    mutating func receive(
        _ response: Barid_Bus_V1_SubscribeResponse, now: Instant
    ) throws(RPCError) {
        let count = response.events.count
        guard response.sequences.count == count,
            response.attempts.isEmpty || response.attempts.count == count,
            response.replays.isEmpty || response.replays.count == count,
            response.turns.isEmpty || response.turns.count == count
        else {
            throw RPCError(
                code: .internalError,
                message: """
                    a response with \(count) events, \(response.sequences.count) sequences, \
                    \(response.attempts.count) attempts, \(response.replays.count) replays and \
                    \(response.turns.count) turns
                    """)
        }
        for index in 0..<count {
            let delivery = Delivery(
                sequence: response.sequences[index],
                attempt: response.attempts.isEmpty ? 1 : response.attempts[index],
                turn: response.turns.isEmpty ? 0 : response.turns[index],
                replay: response.replays.isEmpty ? 0 : response.replays[index],
                bytes: response.events[index])
            guard !isDraining else {
                release(delivery)
                continue
            }
            // The same event again means that its lease ran out: what runs now is stale, and its
            // settlement will be refused. The new attempt waits for it to end.
            held[delivery.sequence] = Held(
                delivery: delivery, renewed: now, deadline: now + configuration.deadline,
                isRunning: held[delivery.sequence]?.isRunning ?? false)
            queue.append(delivery.sequence)
        }
        for error in response.errors { refused(error, now: now) }
        if response.settled > confirmed {
            confirmed = min(response.settled, settleNumber)
            sent.removeAll { $0.number <= confirmed }
        }
    }

    private mutating func refused(_ error: Barid_Bus_V1_SettleError, now: Instant) {
        guard
            let index = sent.firstIndex(where: {
                $0.settlement.sequence == error.sequence && $0.settlement.attempt == error.attempt
                    && $0.settlement.turn == error.turn
            })
        else { return }  // A plain ack, a nack: the lease ran out first, somebody else has it.
        var settlement = sent.remove(at: index).settlement
        let error = RPCError(error.error)
        guard error.reason != "STALE_LEASE", case .ack = settlement.outcome else { return }
        switch Fate(error.code) {
        case .retry, .pause, .release:
            deferred.append(
                Deferred(
                    due: now + (error.retryAfter ?? .seconds(1)), renewed: now,
                    settlement: settlement))
        case .deadLetter:
            // The broker does not take these outputs, now or ever; the lease still stands.
            settlement.reject = .with { $0.error = Barid_Bus_V1_BusError(error) }
            settlements.append(settlement)
        }
    }

    // MARK: To and from the handlers

    /// The next delivery to handle, if one waits and there is room.
    mutating func next(now: Instant) -> Delivery? {
        guard running < configuration.concurrency, !isDraining else { return nil }
        guard let sequence = takeFirstToRun(), let index = held.index(forKey: sequence) else {
            return nil
        }
        held.values[index].isRunning = true
        held.values[index].deadline = now + configuration.deadline
        running += 1
        return held.values[index].delivery
    }

    /// Takes the first of the queue that does not run as a stale attempt.
    private mutating func takeFirstToRun() -> UInt64? {
        var passed: [UInt64] = []
        defer { if !passed.isEmpty { queue = FIFO(passed + queue) } }
        while let sequence = queue.popFirst() {
            guard let index = held.index(forKey: sequence) else { continue }
            guard held.values[index].isRunning else { return sequence }
            passed.append(sequence)
        }
        return nil
    }

    /// Until when this delivery may be worked on; `nil` when it is not held any more.
    func deadline(of delivery: Delivery) -> Instant? {
        guard let held = held[delivery.sequence], held.delivery.isSame(as: delivery) else {
            return nil
        }
        return held.deadline
    }

    mutating func extend(_ delivery: Delivery, until deadline: Instant) {
        guard held[delivery.sequence]?.delivery.isSame(as: delivery) == true else { return }
        held[delivery.sequence]?.deadline = deadline
    }

    /// Takes what became of a delivery; `handling` says how long it was worked on, without what it
    /// waited for a thread.
    mutating func finished(
        _ delivery: Delivery, _ result: HandlingResult, handling: Duration, now: Instant
    ) {
        running -= 1
        guard let index = held.index(forKey: delivery.sequence),
            held.values[index].delivery.isSame(as: delivery)
        else {
            // A newer attempt of the event waits behind this stale one.
            held[delivery.sequence]?.isRunning = false
            returnCredit(for: delivery)
            if isDraining, let newer = held.removeValue(forKey: delivery.sequence)?.delivery {
                release(newer)
            }
            return
        }
        held.remove(at: index)
        returnCredit(for: delivery)
        results += 1
        firstResult = firstResult ?? now
        pace.note(now, counts: handling >= configuration.slowHandling)
        switch result {
        case .outputs(let outputs) where outputs.isEmpty:
            acks.append((delivery.sequence, delivery.turn, delivery.attempt))
        case .outputs(let outputs):
            settle(delivery) { $0.ack = .with { $0.outputs = outputs } }
        case .failed(let error):
            settle(delivery) { settlement in
                let told = Barid_Bus_V1_BusError(error)
                switch Fate(error.code) {
                case .retry:
                    settlement.nack = .with {
                        $0.error = told
                        $0.delayMs = told.retryAfterMs
                    }
                case .deadLetter: settlement.reject = .with { $0.error = told }
                case .pause:
                    settlement.release = .with {
                        $0.error = told
                        $0.pauseMs = max(told.retryAfterMs, 1_000)
                    }
                case .release: settlement.release = .with { $0.error = told }
                }
            }
        }
    }

    /// Gives back what is not begun, and whatever still comes.
    mutating func drain() {
        guard !isDraining else { return }
        isDraining = true
        let begun = held.filter(\.value.isRunning)
        for sequence in queue {
            guard begun[sequence] == nil, let delivery = held[sequence]?.delivery else { continue }
            release(delivery)
        }
        held = begun
        queue = FIFO()
    }

    private mutating func release(_ delivery: Delivery) {
        settle(delivery) { settlement in
            settlement.release = .with {
                $0.pauseMs = 60_000  // It leaves: nothing more, please.
                $0.error = .with {
                    $0.code = Int32(RPCError.Code.cancelled.rawValue)
                    $0.message = "the worker stops"
                }
            }
        }
    }

    private mutating func settle(
        _ delivery: Delivery, _ change: (inout Barid_Bus_V1_Settlement) -> Void
    ) {
        var settlement = Barid_Bus_V1_Settlement()
        settlement.sequence = delivery.sequence
        settlement.attempt = delivery.attempt
        settlement.turn = delivery.turn
        change(&settlement)
        settlements.append(settlement)
    }

    private mutating func returnCredit(for delivery: Delivery) {
        guard !isDraining else { return }
        credit += 1
        creditBytes += delivery.bytes.count
    }

    // MARK: Time

    /// Asks for more time for everything whose lease is a third over, up to its deadline.
    mutating func renew(now: Instant) {
        for (sequence, entry) in held where now - entry.renewed >= lease / 3 && now < entry.deadline
        {
            held[sequence]?.renewed = now
            settle(entry.delivery) { $0.extend = Barid_Bus_V1_Extend() }
        }
        for again in deferred where again.due <= now { settlements.append(again.settlement) }
        deferred.removeAll { $0.due <= now }
        // While the broker has no room for an ack, its lease must not run out.
        for index in deferred.indices where now - deferred[index].renewed >= lease / 3 {
            deferred[index].renewed = now
            var extend = Barid_Bus_V1_Settlement()
            extend.sequence = deferred[index].settlement.sequence
            extend.attempt = deferred[index].settlement.attempt
            extend.turn = deferred[index].settlement.turn
            extend.extend = Barid_Bus_V1_Extend()
            settlements.append(extend)
        }
    }

    /// What runs beyond its deadline.
    func overdue(now: Instant) -> [Delivery] {
        held.values.lazy.filter { $0.isRunning && $0.deadline <= now }.map(\.delivery)
    }

    /// How often ``renew(now:)`` is to be called.
    var renewalInterval: Duration { min(lease / 6, .seconds(1)) }

    // MARK: To the broker

    /// Until when results wait for company; `nil` when none does.
    ///
    /// They do while they are all there is to say, and more of them may come soon.
    func gathersUntil(now: Instant) -> Instant? {
        guard configuration.gatheringPace.contains(pace.lastCount), let firstResult,
            results == acks.count + settlements.count, results < configuration.gatheredResults,
            !held.isEmpty, !isDraining, now < firstResult + configuration.gathering
        else { return nil }
        return firstResult + configuration.gathering
    }

    /// Whether there is anything to say now.
    private func hasRequest(now: Instant) -> Bool {
        guard gathersUntil(now: now) == nil else { return false }
        guard settlements.isEmpty else { return true }
        guard acks.isEmpty else {
            return isDraining || settleNumber - confirmed < configuration.requestsUnderWay
        }
        return credit > 0 || creditBytes > 0
    }

    /// The next request, if there is anything to say now.
    mutating func takeRequest(now: Instant) -> Barid_Bus_V1_SubscribeRequest? {
        guard hasRequest(now: now) else { return nil }
        results = 0
        firstResult = nil
        var request = Barid_Bus_V1_SubscribeRequest()
        request.credit = UInt32(clamping: credit)
        request.creditBytes = UInt64(clamping: creditBytes)
        credit = 0
        creditBytes = 0
        request.acks = Self.ranges(acks)
        acks = []
        var count = 0
        var size = 0
        while count < min(settlements.count, configuration.requestSettlements) {
            size += settlements[count].ack.outputs.reduce(0) { $0 + $1.count }
            guard count == 0 || size <= configuration.requestBytes else { break }
            count += 1
        }
        request.settlements = Array(settlements.prefix(count))
        settlements.removeFirst(count)
        if !request.acks.isEmpty || !request.settlements.isEmpty {
            settleNumber += 1
            request.settleNumber = settleNumber
            for settlement in request.settlements {
                guard case .ack = settlement.outcome else { continue }
                sent.append(Sent(number: settleNumber, settlement: settlement))
            }
        } else if request.credit == 0 && request.creditBytes == 0 {
            return nil
        }
        return request
    }

    /// Acks of consecutive sequences with the same attempt and turn as one range each.
    static func ranges(
        _ acks: [(sequence: UInt64, turn: UInt64, attempt: UInt32)]
    ) -> [Barid_Bus_V1_AckRange] {
        var ranges: [Barid_Bus_V1_AckRange] = []
        for (sequence, turn, attempt) in acks.sorted(by: { $0.sequence < $1.sequence }) {
            if let last = ranges.last, last.attempt == attempt, last.turn == turn,
                last.count < 8_192,
                last.firstSequence &+ UInt64(last.count) == sequence
            {
                ranges[ranges.count - 1].count += 1
            } else {
                ranges.append(
                    .with {
                        $0.firstSequence = sequence
                        $0.count = 1
                        $0.attempt = attempt
                        $0.turn = turn
                    })
            }
        }
        return ranges
    }
}

/// How fast results of slow handlers come: so many in the last period of a tenth of a second.
struct ResultPace {
    private static let period = Duration.milliseconds(100)

    private var end: ContinuousClock.Instant?
    private var count = 0
    /// Those of the last period that is over; 0 after a pause.
    private(set) var lastCount = 0

    mutating func note(_ now: ContinuousClock.Instant, counts: Bool) {
        if let end, now < end {
            if counts { count += 1 }
            return
        }
        lastCount = end.map { now < $0 + Self.period } == true ? count : 0
        end = now + Self.period
        count = counts ? 1 : 0
    }
}
