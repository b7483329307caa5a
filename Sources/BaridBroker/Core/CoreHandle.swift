internal import BaridEngine
internal import BaridLog
internal import Foundation
internal import GRPCCore
internal import Synchronization

/// The core's thread, as everybody else has it.
final class CoreHandle: Sendable {
    let mailbox = Mailbox()
    private let outcome = Outcome()

    /// Starts the thread.
    ///
    /// - Parameter box: The core, made elsewhere and from now on the thread's alone.
    func start(_ box: CoreTransfer) {
        let mailbox = mailbox
        let outcome = outcome
        let thread = Thread {
            // On Linux a name given before the start is lost.
            Thread.current.name = "barid-core"
            let result = Result {
                try box.core.run(mailbox)
                try box.core.close()
            }
            // Nobody who still asks may wait for ever.
            for mail in mailbox.close() {
                if case .perform(let body) = mail { body(box.core) }
            }
            box.core.answerIndexWaiters(.failure(LogError.closed))
            outcome.finish(result)
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Asks something of the core, on its thread.
    ///
    /// - Parameter question: Gets the core, and has to call its second argument once.
    /// - Returns: What was answered.
    /// - Throws: The error that was answered, or `RPCError` with code `.unavailable` if the core has ended.
    func ask<Answer: Sendable>(
        _ question:
            @escaping @Sendable (Core, @escaping @Sendable (Result<Answer, RPCError>) -> Void) ->
            Void
    ) async throws -> Answer {
        let result: Result<Answer, RPCError> = await withCheckedContinuation { continuation in
            let accepted = mailbox.post(
                .perform { core in question(core) { continuation.resume(returning: $0) } })
            if !accepted {
                continuation.resume(
                    returning: .failure(
                        RPCError(code: .unavailable, message: "the broker stopped")))
            }
        }
        return try result.get()
    }

    /// Ends the core: it commits, closes the log and leaves.
    func stop() {
        mailbox.post(.stop)
    }

    /// Waits until the core has ended.
    ///
    /// - Throws: What ended it, when that was not ``stop()``.
    func ended() async throws {
        try await outcome.wait()
    }

    private final class Outcome: Sendable {
        private struct State {
            var result: Result<Void, any Error>?
            var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
            var last = 0
        }

        private let state = Mutex(State())

        func finish(_ result: Result<Void, any Error>) {
            let waiting = state.withLock { state in
                state.result = result
                defer { state.waiting = [:] }
                return state.waiting.values
            }
            for continuation in waiting { continuation.resume(with: result) }
        }

        func wait() async throws {
            let number = state.withLock { state in
                state.last += 1
                return state.last
            }
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let result = state.withLock { state -> Result<Void, any Error>? in
                        if let result = state.result { return result }
                        guard !Task.isCancelled else { return .failure(CancellationError()) }
                        state.waiting[number] = continuation
                        return nil
                    }
                    if let result { continuation.resume(with: result) }
                }
            } onCancel: {
                let waiting = state.withLock { $0.waiting.removeValue(forKey: number) }
                waiting?.resume(throwing: CancellationError())
            }
        }
    }
}

/// Hands the core to its thread, which is from then on the only one to touch it.
struct CoreTransfer: @unchecked Sendable {
    let core: Core
}
