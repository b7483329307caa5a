import BaridChaos
import Foundation

/// What all rows share: folders, programs, shims, and how much they are to do.
struct Workshop: Sendable {
    /// A folder of this run's own; each proof gets one in it.
    let folder: String
    /// Where `barid` and `barid-broker` are.
    let executables: String
    /// Where the shims for LD_PRELOAD are.
    let shims: String
    /// The whole counts, which take hours.
    let isFull: Bool
    /// Of all plans of this run.
    let seed: UInt64
    /// Where the executables of an earlier version are; nil when nobody said.
    var earlier: String?
    let stop: StopFlag

    /// The count of this run.
    func count(short: Int, full: Int) -> Int { isFull ? full : short }

    /// A new folder with a name that says which row it belongs to.
    func makeFolder(_ name: String) throws -> String {
        var path = "\(folder)/\(name)"
        var number = 1
        while FileManager.default.fileExists(atPath: path) {
            number += 1
            path = "\(folder)/\(name).\(number)"
        }
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return path
    }

    /// A shim for LD_PRELOAD, by the name of its source.
    func shim(_ name: String) -> String { "\(shims)/\(name).so" }

    /// Runs a proof in a folder of its own, which goes away when there is nothing to see in it.
    func prove(
        _ name: String, _ configuration: ProofConfiguration, launch: BrokerLaunch = BrokerLaunch(),
        access: ArenaAccess = ArenaAccess(), programs: (broker: String, barid: String)? = nil,
        dataFolder: String? = nil, script: ProofRun.Script? = nil
    ) async throws -> Verdict {
        var arena = Arena.Configuration(folder: try makeFolder(name), executables: executables)
        arena.launch = launch
        arena.access = access
        if let programs { (arena.broker, arena.barid) = programs }
        if let dataFolder { arena.dataFolder = dataFolder }
        let verdict = try await Arena.with(arena) { arena in
            try await ProofRun(configuration, in: arena, stop: stop).run(script)
        }
        if verdict.isProven { try? FileManager.default.removeItem(atPath: arena.folder) }
        return verdict
    }

    /// Runs so many faults of some kinds, in rounds: a history has to fit into memory.
    func inflict(
        _ weights: [Fault.Kind: Int], _ count: Int, row: Int,
        launch: BrokerLaunch = BrokerLaunch(),
        _ change: (inout ProofConfiguration) -> Void = { _ in }
    ) async throws -> Outcome {
        var outcome = Outcome()
        var rest = count
        var round: UInt64 = 0
        while rest > 0, !stop.isSet {
            var proof = ProofConfiguration(seed: seed &+ round, duration: nil)
            proof.maximumFaults = min(rest, 50)
            proof.recipe.weights = weights
            if !isFull { proof.recipe.pause = .milliseconds(200)...(.milliseconds(700)) }
            change(&proof)
            outcome.add(try await prove("row-\(row)", proof, launch: launch))
            rest -= min(rest, 50)
            round += 1
        }
        return outcome
    }
}
