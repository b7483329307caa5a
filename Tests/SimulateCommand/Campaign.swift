import Foundation
import Simulation
import Synchronization

/// Many seeds, each on one thread.
struct Campaign {
    let seeds: Int
    let first: UInt64
    let mutant: String?
    let threads: Int

    private struct State {
        var next = 0
        var summary = Summary()
        var failed: [(seed: UInt64, names: [String], statement: String)] = []
        var shown = Date.now
    }

    /// Runs them all.
    ///
    /// - Returns: Whether every promise was kept.
    func run() -> Bool {
        let state = Mutex(State())
        let began = Date.now
        Workers.run(threads) { worker in
            while true {
                let index: Int? = state.withLock { state in
                    guard state.next < seeds, state.failed.count < 20 else { return nil }
                    defer { state.next += 1 }
                    return state.next
                }
                guard let index else { return }
                let seed = first &+ UInt64(index)
                let run = CrashNotice.naming(seed, worker) {
                    SimulationRun(seed: seed, mutant: mutant)
                }
                state.withLock { state in
                    state.summary.add(run)
                    if let finding = run.findings.first {
                        var names: [String] = []
                        for finding in run.findings where !names.contains(finding.name) {
                            names.append(finding.name)
                        }
                        state.failed.append((seed, names, finding.statement))
                    }
                    if isatty(2) == 1, Date.now.timeIntervalSince(state.shown) > 1 {
                        state.shown = .now
                        let text = "\r\u{1b}[K\(state.summary.seeds) of \(seeds) seeds"
                        FileHandle.standardError.write(Data(text.utf8))
                    }
                }
            }
        }
        if isatty(2) == 1 { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
        let result = state.withLock { $0 }
        for failure in result.failed.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(failure.seed): \(failure.names.joined(separator: ", "))")
            print(failure.statement)
            let planted = mutant.map { " --mutant '\($0)'" } ?? ""
            print("replay it with: barid-simulate --seed \(failure.seed)\(planted)")
        }
        let seconds = String(format: "%.1f", Date.now.timeIntervalSince(began))
        print("\(result.summary.line); \(seconds) s")
        return result.failed.isEmpty
    }
}

/// Threads with room for a deep stack, all of which are waited for.
enum Workers {
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread {
                body(number)
                group.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        group.wait()
    }
}
