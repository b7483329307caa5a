internal import Synchronization
internal import ZeroMQ

/// Orders for a socket thread, from any thread; taken in batches.
final class Mailbox<Order: Sendable>: Sendable {
    let wakeUp: WakeUp

    private struct State {
        var orders: [Order] = []
        var isSignalled = false
        var quietBytes = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Returned credit that may wait for the thread to wake for another reason.
    private static var maximumQuietBytes: Int { 64 << 10 }

    init() throws(ZeroMQError) {
        wakeUp = try WakeUp()
    }

    /// Adds an order and wakes the thread, once a batch.
    ///
    /// - Returns: Whether the thread will see it; it will not once it has ended.
    @discardableResult
    func post(_ order: Order) -> Bool {
        let (accepted, signals) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.orders.append(order)
            defer { state.isSignalled = true }
            return (true, !state.isSignalled)
        }
        if signals { wakeUp.signal() }
        return accepted
    }

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

    /// Takes everything; the thread calls it each time it wakes.
    func take(into orders: inout [Order]) {
        orders.removeAll(keepingCapacity: true)
        state.withLock { state in
            swap(&orders, &state.orders)
            if state.isSignalled { wakeUp.clear() }
            state.isSignalled = false
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
