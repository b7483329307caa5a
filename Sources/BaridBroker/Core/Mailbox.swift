internal import Dispatch
internal import Synchronization

/// Where other threads leave mail for the core; it takes everything at once.
final class Mailbox: Sendable {
    private struct State {
        var mail: [Mail] = []
        var closed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// Leaves mail.
    ///
    /// Only the first into an empty box wakes the core.
    ///
    /// - Returns: False when the core has ended; the mail is dropped then.
    @discardableResult
    func post(_ mail: Mail) -> Bool {
        let (accepted, first) = state.withLock { state in
            guard !state.closed else { return (false, false) }
            state.mail.append(mail)
            return (true, state.mail.count == 1)
        }
        if first { wake.signal() }
        return accepted
    }

    /// Takes everything, after waiting for something at most so long.
    ///
    /// - Parameters:
    ///   - batch: An empty array whose memory is reused.
    ///   - nanoseconds: How long to wait; `nil` for as long as it takes.
    func take(into batch: inout [Mail], waiting nanoseconds: Int64?) {
        swapMail(&batch)
        guard batch.isEmpty else {
            // The wake-up for this mail is spent, unless it is still on its way.
            _ = wake.wait(timeout: .now())
            return
        }
        if let nanoseconds {
            guard nanoseconds > 0 else { return }
            _ = wake.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
        } else {
            wake.wait()
        }
        swapMail(&batch)
    }

    /// Refuses mail from now on, and hands over what is left.
    func close() -> [Mail] {
        state.withLock { state in
            state.closed = true
            defer { state.mail = [] }
            return state.mail
        }
    }

    private func swapMail(_ batch: inout [Mail]) {
        state.withLock { swap(&$0.mail, &batch) }
    }
}
