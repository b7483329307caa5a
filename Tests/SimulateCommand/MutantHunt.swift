import ArgumentParser
import Foundation
import Simulation
import Synchronization

/// Plants every fault and runs seeds until one notices it under the right name.
struct MutantHunt {
    let threads: Int
    let maximumSeeds: Int

    private struct Outcome {
        var seeds = 0
        var noticed: String?
        var other: String?
    }

    func run() throws {
        let mutants = SimulationRun.mutants
        let next = Mutex(0)
        let outcomes = Mutex([String: Outcome]())
        Workers.run(threads) { worker in
            while true {
                let index: Int? = next.withLock { next in
                    guard next < mutants.count else { return nil }
                    defer { next += 1 }
                    return next
                }
                guard let index else { return }
                let outcome = hunt(mutants[index], worker)
                outcomes.withLock { $0[mutants[index].name] = outcome }
            }
        }
        let found = outcomes.withLock { $0 }
        var survived = 0
        for mutant in mutants {
            guard let outcome = found[mutant.name] else { continue }
            let name = mutant.name.padding(toLength: 44, withPad: " ", startingAt: 0)
            if let noticed = outcome.noticed {
                print("\(name) noticed by \(noticed), \(outcome.seeds) seeds")
            } else {
                survived += 1
                let other = outcome.other.map { "; only \($0) spoke" } ?? ""
                print("\(name) SURVIVED \(outcome.seeds) seeds\(other)")
            }
        }
        print("\(mutants.count) planted faults, \(mutants.count - survived) noticed")
        guard survived == 0 else { throw ExitCode(1) }
    }

    private func hunt(_ mutant: SimulationRun.PlantedFault, _ worker: Int) -> Outcome {
        var outcome = Outcome()
        for seed in 1...UInt64(maximumSeeds) {
            outcome.seeds += 1
            let run = CrashNotice.naming(seed, worker) {
                SimulationRun(seed: seed, mutant: mutant.name)
            }
            let names = Set(run.findings.map(\.name))
            if let noticed = names.intersection(mutant.noticedBy).sorted().first {
                outcome.noticed = noticed
                return outcome
            }
            if let other = names.sorted().first { outcome.other = other }
        }
        return outcome
    }
}
