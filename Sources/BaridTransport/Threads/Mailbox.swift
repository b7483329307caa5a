internal import Synchronization
internal import ZeroMQ

/// Orders for a socket thread, from any thread; taken in batches.
final class Mailbox<Order: Sendable>: Sendable {
    let wakeUp: WakeUp
    /// Who takes them.
    let turn = SocketTurn()

    private struct State {
        var orders: [Order] = []
        var isSignalled = false
        /// Who has the turn posted something, and looks before it gives the turn back.
        var hasOwn = false
        var quietBytes = 0
        /// What came meanwhile is seen to at the end of ``together(_:)``.
        var isGathering = false
        var gatheredWeight: Int?
        var isClosed = false
    }

    private let state = Mutex(State())

    /// More bytes than that gain nothing from leaving at once, and keep who sends them from its work.
    private static var maximumWeight: Int { 16 << 10 }
    /// What an order costs beside the bytes it sends, in bytes.
    private static var orderWeight: Int { 2 << 10 }

    /// Returned credit that may wait for the thread to wake for another reason.
    private static var maximumQuietBytes: Int { 64 << 10 }

    init() throws(ZeroMQError) {
        wakeUp = try WakeUp()
    }

    /// Adds an order and sees to it that it is taken: by the thread, which is woken once a batch, or
    /// here and now.
    ///
    /// - Parameters:
    ///   - order: The order.
    ///   - weight: How many bytes it gives the thread to send. If they are few and the thread sleeps,
    ///     its work is done here; the caller holds no lock then that a receiver on this socket takes.
    /// - Returns: Whether it will be taken; it will not once the thread has ended.
    @discardableResult
    func post(_ order: Order, weight: Int = .max) -> Bool {
        let isMine = turn.isMine
        let weight = Self.sum(weight, Self.orderWeight)
        let (accepted, isSeenTo) = state.withLock { state in
            guard !state.isClosed else { return (false, true) }
            state.orders.append(order)
            if isMine {
                state.hasOwn = true
            } else if state.isGathering {
                state.gatheredWeight = Self.sum(state.gatheredWeight ?? 0, weight)
            }
            return (true, isMine || state.isGathering || state.isSignalled)
        }
        if !isSeenTo { see(toWeight: weight) }
        return accepted
    }

    /// Has what `body` posts taken as one; one thread at a time may ask for that.
    func together(_ body: () -> Void) {
        state.withLock { $0.isGathering = true }
        body()
        let weight = state.withLock { state -> Int? in
            state.isGathering = false
            defer { state.gatheredWeight = nil }
            return state.isSignalled ? nil : state.gatheredWeight
        }
        if let weight { see(toWeight: weight) }
    }

    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflows) = one.addingReportingOverflow(other)
        return overflows ? .max : sum
    }

    private func see(toWeight weight: Int) {
        if weight <= Self.maximumWeight, turn.take() { return }
        wake()
    }

    /// Lets the thread look for itself.
    private func wake() {
        let signals = state.withLock { state in
            defer { state.isSignalled = true }
            return !state.isSignalled
        }
        if signals { wakeUp.signal() }
    }

    /// Whether who has the turn posted something since the last ``take(into:)``.
    var hasOwn: Bool { state.withLock { $0.hasOwn } }

    /// Adds an order that can wait a little: the thread is woken when `bytes` add up.
    func postQuietly(_ order: Order, bytes: Int) {
        let signals = state.withLock { state in
            guard !state.isClosed else { return false }
            state.orders.append(order)
            state.quietBytes += bytes
            guard state.quietBytes >= Self.maximumQuietBytes, !state.isSignalled else {
                return false
            }
            state.isSignalled = true
            return true
        }
        if signals { wakeUp.signal() }
    }

    /// Takes everything; who has the turn calls it.
    func take(into orders: inout [Order]) {
        orders.removeAll(keepingCapacity: true)
        state.withLock { state in
            swap(&orders, &state.orders)
            if state.isSignalled { wakeUp.clear() }
            state.isSignalled = false
            state.hasOwn = false
            state.quietBytes = 0
        }
    }

    /// Refuses orders from now on and hands over the last ones.
    func close() -> [Order] {
        state.withLock { state in
            state.isClosed = true
            defer { state.orders = [] }
            return state.orders
        }
    }
}
