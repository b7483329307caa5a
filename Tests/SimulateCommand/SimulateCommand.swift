import ArgumentParser
import BaridProof
import Foundation
import Simulation
import Synchronization

/// `barid-simulate`: the broker, its clients, network and disk in one thread, by seeds.
@main
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "barid-simulate",
        abstract: "Runs the broker through faults that a seed decides, and checks its promises.",
        discussion: """
            A run holds the broker's core and log, publishers, workers, a network, a disk and \
            clocks, all simulated; its history is held to the checks of Protocols/5-history. The \
            same seed gives the same run, byte for byte.

            Examples:
              barid-simulate --seeds 2000
              barid-simulate --seeds 500 --first 10000
              barid-simulate --seed 4711              (with its trace)
              barid-simulate --mutants                (planted faults: each has to be noticed)

            Exit codes:
              0 every promise kept   1 one was broken, or a planted fault not noticed
              64 wrong usage
            """)

    @Option(help: "How many seeds to run.")
    var seeds = 2_000

    @Option(help: "The first seed.")
    var first: UInt64 = 1

    @Option(help: "Run this seed only, and print its trace.")
    var seed: UInt64?

    @Flag(help: "Plant faults, one after the other; each has to be noticed.")
    var mutants = false

    @Option(help: "Plant this fault.")
    var mutant: String?

    @Option(help: "Threads. The default is one for each processor.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard seeds > 0, seeds <= 10_000_000 else {
            throw ValidationError("--seeds must be between 1 and 10,000,000")
        }
        guard (1...256).contains(threads) else {
            throw ValidationError("--threads must be between 1 and 256")
        }
        if let mutant, !SimulationRun.mutants.contains(where: { $0.name == mutant }) {
            let names = SimulationRun.mutants.map(\.name).joined(separator: ", ")
            throw ValidationError("no planted fault '\(mutant)'; there are: \(names)")
        }
    }

    func run() throws {
        if let seed { return try replay(seed) }
        if mutants { return try MutantHunt(threads: threads, maximumSeeds: 300).run() }
        let campaign = Campaign(seeds: seeds, first: first, mutant: mutant, threads: threads)
        guard campaign.run() else { throw ExitCode(1) }
    }

    private func replay(_ seed: UInt64) throws {
        let run = SimulationRun(seed: seed, mutant: mutant, isTracing: true)
        for line in run.trace { print(line) }
        for finding in run.findings { print("VIOLATION \(finding.name)\n\(finding.statement)") }
        let digest = String(run.digest, radix: 16)
        print("seed \(seed): \(run.steps) steps, \(run.crashes) crashes, digest \(digest)")
        print(Summary(run).line)
        guard run.findings.isEmpty else { throw ExitCode(1) }
    }
}
