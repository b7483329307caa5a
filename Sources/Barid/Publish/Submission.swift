internal import GRPCCore
internal import Synchronization

/// An event that a ``Publisher`` has taken in, on its way to a receipt.
public final class Submission: Sendable {
    private enum State {
        case pending([UInt64: CheckedContinuation<PublishOutcome, Never>])
        case done(PublishOutcome)
    }

    private let state = Mutex(State.pending([:]))
    private let waiters = Atomic<UInt64>(0)
    /// Where spans are recorded.
    private let span: PublishSpan?

    init(span: PublishSpan? = nil) { self.span = span }

    /// Waits for the outcome; there is always one, at the latest when the publisher's deadline is over.
    ///
    /// - Returns: The outcome; `.unknown` at once if the waiting task is cancelled. May be asked often
    ///   and from any task.
    public func outcome() async -> PublishOutcome {
        if let known = outcomeIfKnown { return known }
        let number = waiters.add(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: PublishOutcome? = state.withLock { state in
                    switch state {
                    case .done(let outcome): return outcome
                    case .pending where Task.isCancelled: return Self.cancelled
                    case .pending(var continuations):
                        continuations[number] = continuation
                        state = .pending(continuations)
                        return nil
                    }
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            let continuation: CheckedContinuation<PublishOutcome, Never>? = state.withLock {
                state in
                guard case .pending(var continuations) = state else { return nil }
                let continuation = continuations.removeValue(forKey: number)
                state = .pending(continuations)
                return continuation
            }
            continuation?.resume(returning: Self.cancelled)
        }
    }

    /// The outcome if there is one already.
    public var outcomeIfKnown: PublishOutcome? {
        state.withLock { if case .done(let outcome) = $0 { outcome } else { nil } }
    }

    /// Tells everybody who waits; only the first outcome counts.
    func resolve(_ outcome: PublishOutcome) {
        let continuations = state.withLock { state in
            guard case .pending(let continuations) = state else {
                return [UInt64: CheckedContinuation<PublishOutcome, Never>]()
            }
            state = .done(outcome)
            span?.ended(outcome)
            return continuations
        }
        for continuation in continuations.values { continuation.resume(returning: outcome) }
    }

    private static let cancelled = PublishOutcome.unknown(
        RPCError(code: .cancelled, message: "nobody waited for the receipt"))
}
