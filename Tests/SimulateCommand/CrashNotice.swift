import Foundation
import Synchronization

/// Says, when the program itself traps, which seeds were running.
enum CrashNotice {
    private static let running = Mutex<[Int: UInt64]>([:])
    private static let installed: Void = {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS] {
            // The process is lost already: a line is worth more than rules of signal handlers.
            signal(number) { number in
                let seeds = CrashNotice.running.withLockIfAvailable { $0.values.sorted() } ?? []
                let list = seeds.map { "barid-simulate --seed \($0)" }.joined(separator: "\n")
                let text =
                    "\nbarid-simulate trapped (signal \(number)); these were running:\n\(list)\n"
                FileHandle.standardError.write(Data(text.utf8))
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }()

    /// Runs a seed that is named should it trap.
    static func naming<Result>(_ seed: UInt64, _ worker: Int, _ body: () -> Result) -> Result {
        _ = installed
        running.withLock { $0[worker] = seed }
        defer { running.withLock { $0[worker] = nil } }
        return body()
    }
}
