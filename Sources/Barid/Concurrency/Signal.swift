internal import Synchronization

/// Wakes the one task that waits for something to happen; a notice given before is not lost.
final class Signal: Sendable {
    private enum State {
        case idle
        case noticed
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    func notify() {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard case .waiting(let continuation) = state else {
                state = .noticed
                return nil
            }
            state = .idle
            return continuation
        }
        waiting?.resume()
    }

    /// Returns at the next notice, or at once when there was one or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let noticed = state.withLock { state in
                    guard case .noticed = state, !Task.isCancelled else {
                        guard !Task.isCancelled else { return true }
                        state = .waiting(continuation)
                        return false
                    }
                    state = .idle
                    return true
                }
                if noticed { continuation.resume() }
            }
        } onCancel: {
            notify()
        }
    }
}
