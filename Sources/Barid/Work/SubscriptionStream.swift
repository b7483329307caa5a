internal import BaridSchema
internal import BaridTracing
internal import BaridTransport
internal import GRPCCore
internal import Synchronization

/// What the tasks of one Subscribe stream share: the ledger, and who waits for it.
final class SubscriptionStream: Sendable {
    private struct State {
        var ledger: DeliveryLedger
        /// What is being settled, where spans are recorded.
        var spans: SettleSpans?
        var hasStarted = false
        var hasEnded = false
        /// When ``SubscriptionStream/sleep()`` returns by itself.
        var wakesAt = ContinuousClock.now
        /// The call to send on; none once everything is told.
        var call: RawCall?
        /// A request is on its way to the socket; the next one gathers meanwhile.
        var isSending = false
        var idle: [Idle] = []
        var runners: [Int: Task<Void, Never>] = [:]
        /// Which runner works on which sequence.
        var busy: [UInt64: Int] = [:]
    }

    /// A runner that waits for a delivery.
    private struct Idle {
        var runner: Int
        var continuation: CheckedContinuation<Delivery?, Never>
    }

    /// What the ledger's state asks for, once the lock is given back.
    private enum Step {
        case send(Barid_Bus_V1_SubscribeRequest, RawCall)
        case halfClose(RawCall)
    }

    private let state: Mutex<State>
    private let toTime = Signal()

    init(ledger: DeliveryLedger, spans: SettleSpans? = nil) {
        state = Mutex(State(ledger: ledger, spans: spans))
    }

    var hasStarted: Bool { state.withLock { $0.hasStarted } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    var isDraining: Bool { state.withLock { $0.ledger.isDraining } }

    // MARK: To the broker

    /// Subscribes on a call that was just opened; everything else follows by itself.
    func begin(_ subscription: Barid_Bus_V1_Subscription, on call: RawCall) {
        state.withLock { state in
            state.call = call
            state.isSending = true
        }
        call.send(Barid_Bus_V1_SubscribeRequest.with { $0.subscription = subscription })
    }

    /// The last request has left.
    func sent() { change { $0.isSending = false } }

    /// Takes the next request out, or the half-close once the worker leaves and all is told.
    ///
    /// Only one is on its way to the socket at a time, so they stay in their order, whichever thread
    /// sends them.
    private static func nextStep(_ state: inout State, now: ContinuousClock.Instant) -> Step? {
        guard let call = state.call, !state.isSending else { return nil }
        if let request = state.ledger.takeRequest(now: now) {
            state.spans?.left(in: request)
            state.isSending = true
            return .send(request, call)
        }
        guard state.ledger.isDraining, state.ledger.isSettled else { return nil }
        state.call = nil
        return .halfClose(call)
    }

    // MARK: From the broker

    func receive(_ message: Barid_Bus_V1_SubscribeResponse) throws(RPCError) {
        try change { state throws(RPCError) in
            if message.hasStarted {
                state.hasStarted = true
                state.ledger.started(message.started)
            }
            try state.ledger.receive(message, now: .now)
            state.spans?.received(message)
        }
    }

    /// The stream is gone: nobody is to wait for it any more.
    func end() {
        change { state in
            state.hasEnded = true
            state.call = nil
        }
        cancelHandlers()
        toTime.notify()
    }

    func drain() {
        change { $0.ledger.drain() }
        toTime.notify()
    }

    // MARK: Handlers

    /// Waits for a delivery; `nil` when there will be none.
    func nextDelivery(for runner: Int) async -> Delivery? {
        // Mostly one is there, and a continuation would cost more than the look.
        let (delivery, isOver) = state.withLock { state in
            state.hasEnded || state.ledger.isDraining
                ? (nil, true) : (Self.next(for: runner, of: &state, now: .now), false)
        }
        if delivery != nil || isOver { return delivery }
        return await withCheckedContinuation { continuation in
            let (delivery, waits) = state.withLock { state -> (Delivery?, Bool) in
                guard !state.hasEnded, !state.ledger.isDraining else { return (nil, false) }
                if let delivery = Self.next(for: runner, of: &state, now: .now) {
                    return (delivery, false)
                }
                state.idle.append(Idle(runner: runner, continuation: continuation))
                return (nil, true)
            }
            if !waits { continuation.resume(returning: delivery) }
        }
    }

    private static func next(
        for runner: Int, of state: inout State, now: ContinuousClock.Instant
    ) -> Delivery? {
        guard let delivery = state.ledger.next(now: now) else { return nil }
        state.busy[delivery.sequence] = runner
        return delivery
    }

    func register(_ task: Task<Void, Never>, as runner: Int) {
        state.withLock { $0.runners[runner] = task }
    }

    func cancelHandlers() {
        let runners = state.withLock { state in
            state.busy.values.compactMap { state.runners[$0] }
        }
        for runner in runners { runner.cancel() }
    }

    /// Takes what became of a delivery whose handler began at that time; `nil` for none that did.
    ///
    /// - Returns: The next delivery for the runner, if one is there; `nil` for no runner.
    func finished(
        _ delivery: Delivery, _ result: HandlingResult, begun: ContinuousClock.Instant? = nil,
        settle: Span? = nil, by runner: Int?
    ) -> Delivery? {
        let now = ContinuousClock.now
        return change(now: now) { state in
            if let settle { state.spans?.began(settle, of: delivery.sequence) }
            state.busy[delivery.sequence] = nil
            state.ledger.finished(delivery, result, handling: now - (begun ?? now), now: now)
            guard let runner, !state.hasEnded, !state.ledger.isDraining else { return nil }
            return Self.next(for: runner, of: &state, now: now)
        }
    }

    /// When a delivery came, in nanoseconds since 1970; asked once.
    func arrival(of delivery: Delivery) -> Int64? {
        state.withLock { $0.spans?.takeArrival(of: delivery.sequence) }
    }

    func deadline(of delivery: Delivery) -> ContinuousClock.Instant {
        state.withLock { $0.ledger.deadline(of: delivery) } ?? .now
    }

    func isOverdue(_ delivery: Delivery) -> Bool { deadline(of: delivery) <= .now }

    func extend(_ delivery: Delivery, until deadline: ContinuousClock.Instant) {
        state.withLock { $0.ledger.extend(delivery, until: deadline) }
    }

    /// Changes the ledger, hands out what can be handled now, and tells the broker.
    @discardableResult
    private func change<Failure: Error, Result>(
        now: ContinuousClock.Instant = .now, _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var handedOut: [(Idle, Delivery?)] = []
        var step: Step?
        var sleepsTooLong = false
        let result = try state.withLock { state throws(Failure) in
            let result = try body(&state)
            while let idle = state.idle.last {
                if state.hasEnded || state.ledger.isDraining {
                    handedOut.append((idle, nil))
                } else if let delivery = Self.next(for: idle.runner, of: &state, now: now) {
                    handedOut.append((idle, delivery))
                } else {
                    break
                }
                state.idle.removeLast()
            }
            step = Self.nextStep(&state, now: now)
            if let until = state.ledger.gathersUntil(now: now), until < state.wakesAt {
                state.wakesAt = until
                sleepsTooLong = true
            }
            return result
        }
        if sleepsTooLong { toTime.notify() }
        for (idle, delivery) in handedOut { idle.continuation.resume(returning: delivery) }
        switch step {
        case .send(let request, let call): call.send(request)
        case .halfClose(let call): call.halfClose()
        case nil: break
        }
        return result
    }

    // MARK: Time

    /// Sleeps until the next tick, or until the stream ends or drains, or results begin to gather.
    func sleep() async {
        let end = state.withLock { state in
            let now = ContinuousClock.now
            let interval =
                state.ledger.isDraining
                ? min(state.ledger.renewalInterval, .milliseconds(100))
                : state.ledger.renewalInterval
            state.wakesAt = state.ledger.gathersUntil(now: now) ?? now + interval
            return state.wakesAt
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(until: end, clock: .continuous) }
            group.addTask { await self.toTime.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Extends leases, cancels what is overdue, and tells what has gathered.
    func tick() {
        var overdue: [Task<Void, Never>] = []
        change { state in
            state.ledger.renew(now: .now)
            overdue = state.ledger.overdue(now: .now).compactMap { delivery in
                state.busy[delivery.sequence].flatMap { state.runners[$0] }
            }
        }
        for runner in overdue { runner.cancel() }
    }
}
