import Dispatch
import Synchronization

/// Takes stages in that come one by one, many in one transaction.
///
/// While one transaction is written, what comes in meanwhile waits for the next: a lone stage is
/// written at once, and under load the price of reaching the disk is shared. The writing is done
/// on a thread of its own. Safe from any task.
public final class StageQueue: Sendable {
    /// Most stages of one transaction; it bounds how long the first of them waits.
    public static let maximumBatch = 256

    private struct Waiting {
        let update: StageUpdate
        let continuation: CheckedContinuation<Result<ApplyResult, IndexError>, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    private let index: ArticleIndex
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "barid-index-writer")

    /// Makes a queue before an index.
    ///
    /// - Parameter index: The index that takes the stages in.
    public init(before index: ArticleIndex) {
        self.index = index
    }

    /// Takes one stage in; see ``ArticleIndex/apply(_:)-([StageUpdate])``.
    ///
    /// It is not ended by the cancellation of the task: what was handed over is taken in.
    ///
    /// - Parameter update: The stage.
    /// - Returns: What it did, when that is on the disk.
    /// - Throws: ``IndexError`` when the transaction failed; then the stage was not taken in.
    public func apply(_ update: StageUpdate) async throws(IndexError) -> ApplyResult {
        let result = await withCheckedContinuation { continuation in
            let mustStart = state.withLock { state in
                state.waiting.append(Waiting(update: update, continuation: continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if mustStart { thread.async { self.write() } }
        }
        return try result.get()
    }

    private func write() {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.maximumBatch))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            do throws(IndexError) {
                let results = try index.apply(batch.map(\.update))
                for (waiting, result) in zip(batch, results) {
                    waiting.continuation.resume(returning: .success(result))
                }
            } catch {
                for waiting in batch { waiting.continuation.resume(returning: .failure(error)) }
            }
        }
    }
}
