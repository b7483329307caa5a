import Synchronization

/// A number that tasks share.
final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .acquiring) }

    @discardableResult
    func increment() -> Int { number.add(1, ordering: .acquiringAndReleasing).newValue }

    @discardableResult
    func decrement() -> Int { number.subtract(1, ordering: .acquiringAndReleasing).newValue }
}

/// A fact that becomes true once; tasks can wait for it.
final class Flag: Sendable {
    private let state = Mutex((isSet: false, waiting: [CheckedContinuation<Void, Never>]()))

    var isSet: Bool { state.withLock { $0.isSet } }

    func set() {
        let waiting = state.withLock { state in
            state.isSet = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if !state.isSet { state.waiting.append(continuation) }
                return state.isSet
            }
            if isSet { continuation.resume() }
        }
    }
}
