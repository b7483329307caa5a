internal import Synchronization

/// Whether a thread was started, and a way to wait for its end.
final class ThreadLifetime: Sendable {
    private struct State {
        var hasBegun = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Whether the thread was ever started.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// Marks the thread as started; false if it was before.
    func begin() -> Bool {
        state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
    }

    /// Marks the thread as ended.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the thread has ended, or at once if it never began.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.hasBegun, !state.hasEnded else { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

/// Carries what one thread made to the thread that will own it.
///
/// Unchecked, because the sender keeps nothing of the contents and the receiver opens it once.
final class Parcel<Contents>: @unchecked Sendable {
    private var contents: Contents?

    init(_ contents: Contents) {
        self.contents = contents
    }

    /// Takes the contents out; they are let go when `body` returns.
    func open<Result>(_ body: (Contents) -> Result) -> Result? {
        guard let contents else { return nil }
        self.contents = nil
        return body(contents)
    }
}
