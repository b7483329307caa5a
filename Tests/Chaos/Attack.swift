import BaridChaos
import BaridTransport
import Foundation
import Synchronization
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

/// Something that a hostile peer does, over and over until it is told to stop.
struct Attack: Sendable {
    /// Where the broker is.
    struct Target: Sendable {
        var socket: String
        var port: UInt16
        var arena: Arena

        var ipc: RawZMTP.Address { .ipc(path: socket) }
        var tcp: RawZMTP.Address { .tcp(port: port) }
    }

    /// What came of one try.
    enum Result {
        /// The broker cut it, or said no.
        case refused
        /// It was let go on; for some attacks that is how it has to be.
        case ignored
        /// It had a success that nobody may have.
        case succeeded(String)
    }

    let name: String
    /// Whether the broker has to refuse it, and not only to bear it.
    var isRefused = true
    /// Whether a line or a counter of the audit has to tell of it.
    var isCounted = true
    /// The least that a turn of it takes.
    var turn = Duration.zero
    /// Pause between tries.
    var pause = Duration.milliseconds(20)
    /// One try; ends soon once `stop` is set.
    let run: @Sendable (Target, StopFlag) async throws -> Result

    /// An attacker at work, in turns.
    final class Force: Sendable {
        private struct State {
            var tries = 0
            var refusals = 0
            var findings: [String] = []
            var work: (stop: StopFlag, task: Task<Void, Never>)?
        }

        private let attack: Attack
        private let target: Target
        private let state = Mutex(State())

        init(_ attack: Attack, _ target: Target) {
            self.attack = attack
            self.target = target
        }

        var tries: Int { state.withLock { $0.tries } }
        var refusals: Int { state.withLock { $0.refusals } }
        var findings: [String] { state.withLock { $0.findings } }

        func attack() async {
            let stop = StopFlag()
            let task = Task.detached { [self] in
                while !stop.isSet {
                    note(await Swift.Result(catching: attack.run, target, stop))
                    try? await Task.sleep(for: attack.pause)
                }
            }
            state.withLock { $0.work = (stop, task) }
        }

        func cease() async {
            guard let work = state.withLock({ $0.work }) else { return }
            work.stop.set()
            await work.task.value
        }

        private func note(_ result: Swift.Result<Attack.Result, any Error>) {
            state.withLock { state in
                state.tries += 1
                switch result {
                // A connection that ends under the attacker's hands.
                case .success(.refused), .failure(is RawZMTP.Gone): state.refusals += 1
                case .success(.ignored): break
                case .success(.succeeded(let finding)): state.findings.append(finding)
                case .failure(let error): state.findings.append("\(error)")
                }
            }
        }
    }
}

extension Result where Failure == any Error, Success == Attack.Result {
    fileprivate init(
        catching run: @Sendable (Attack.Target, StopFlag) async throws -> Attack.Result,
        _ target: Attack.Target, _ stop: StopFlag
    ) async {
        do {
            self = .success(try await run(target, stop))
        } catch {
            self = .failure(error)
        }
    }
}

/// Runs work that blocks on a thread of its own, of low priority: an attacker would be on another machine.
func onAttackersThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            // On Linux, of this thread alone.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 15)
            continuation.resume(with: Result { try body() })
        }
    }
}
