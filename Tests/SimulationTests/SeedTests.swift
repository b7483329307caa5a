import Simulation
import TestSupport
import Testing

/// A few seeds, in debug; `Scripts/test` runs thousands in release.
@Suite struct SeedTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func everyPromiseIsKept(seed: UInt64) {
        let run = SimulationRun(seed: seed)
        #expect(run.findings.isEmpty, "\(run.findings)")
        #expect(run.steps > 100)
    }

    /// Two processes hash dictionaries differently, so this also shows that nothing hangs on the
    /// order of one.
    @Test func aSeedGivesTheSameRunInEveryProcess() async throws {
        let first = try RunningProcess("barid-simulate", ["--seed", "11"])
        let second = try RunningProcess("barid-simulate", ["--seed", "11"])
        #expect(try await first.ended() == 0)
        #expect(try await second.ended() == 0)
        #expect(first.output.count > 10_000)
        let isSame = first.output == second.output
        #expect(isSame, "the traces differ")
        let digest = String(SimulationRun(seed: 11).digest, radix: 16)
        #expect(first.output.contains("digest \(digest)"))
    }

    @Test func wrongUsageIsSaid() async throws {
        for arguments in [["--seeds", "0"], ["--mutant", "nothing"], ["--threads", "0"]] {
            let process = try RunningProcess("barid-simulate", arguments)
            #expect(try await process.ended() == 64)
        }
    }
}

/// Each planted fault is noticed; `barid-simulate --mutants` looks for as long as it takes.
@Suite struct MutantTests {
    @Test func everyMutantSaysWhoNotices() {
        let mutants = SimulationRun.mutants
        #expect(mutants.count >= 15)
        #expect(Set(mutants.map(\.name)).count == mutants.count)
        for mutant in mutants { #expect(!mutant.noticedBy.isEmpty, "\(mutant.name)") }
    }

    @Test(arguments: ["fsync is skipped", "an ack is confirmed and forgotten"])
    func aPlantedFaultIsNoticed(name: String) throws {
        let mutant = try #require(SimulationRun.mutants.first { $0.name == name })
        let noticed = (1...40 as ClosedRange<UInt64>).contains { seed in
            SimulationRun(seed: seed, mutant: name).findings
                .contains { mutant.noticedBy.contains($0.name) }
        }
        #expect(noticed)
    }
}
