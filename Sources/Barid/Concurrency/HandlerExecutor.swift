internal import Foundation
internal import Synchronization

/// Threads for work that computes or blocks, so that the cooperative pool stays free for the rest.
///
/// Handlers run on it by themselves; services put their work on it with ``run(_:)``.
public final class HandlerExecutor: TaskExecutor, @unchecked Sendable {
    // `jobs` is guarded by `condition`; nothing else changes after `init`.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var head = 0
    private let threads = Mutex<Set<pthread_t>>([])

    /// The executor of the process: a thread for each core, two at least.
    ///
    /// It is never stopped.
    public static let shared = HandlerExecutor(
        threads: max(2, ProcessInfo.processInfo.activeProcessorCount))

    /// Whether the caller runs on one of these threads.
    static var isCurrentThread: Bool {
        shared.threads.withLock { $0.contains(pthread_self()) }
    }

    private init(threads: Int) {
        for number in 1...threads {
            let thread = Thread {
                // On Linux a name given before the start is lost.
                Thread.current.name = "handler-\(number)"
                self.work()
            }
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    /// Takes a job for one of the threads.
    ///
    /// - Parameter job: The job.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Does some work on these threads.
    ///
    /// - Parameter work: The work; it may compute or block.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws.
    public static func run<Result: Sendable>(
        _ work: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(shared) {
            // A nonisolated function of its own, so that it runs where the preference says.
            try await perform(work)
        }
    }

    @concurrent
    private static func perform<Result: Sendable>(
        _ work: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await work()
    }

    private func work() {
        _ = threads.withLock { $0.insert(pthread_self()) }
        let executor = asUnownedTaskExecutor()
        while true {
            condition.lock()
            while head == jobs.count { condition.wait() }
            let job = jobs[head]
            head += 1
            if head == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                head = 0
            }
            condition.unlock()
            job.runSynchronously(on: executor)
        }
    }
}
