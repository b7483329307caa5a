import BaridChaos
import Foundation

/// What all rows share: folders, programs, shims, and how much they are to do.
struct Workshop: Sendable {
    /// A folder of the row's own; each proof gets one in it.
    var folder: String
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
    /// What a person asked for in place of a row's own count; nil when nobody did.
    var countGiven: Int?

    /// The count of this run.
    func count(short: Int, full: Int) -> Int { countGiven ?? (isFull ? full : short) }

    /// The same with a folder for one row, which is its evidence should it fail.
    func prepared(for row: Row) throws -> Workshop {
        var workshop = self
        workshop.folder = try makeFolder("row-\(row.id)")
        return workshop
    }

    /// A new folder.
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

    /// Runs a proof in a folder of its own.
    func prove(
        _ name: String, _ configuration: ProofConfiguration, launch: BrokerLaunch = BrokerLaunch(),
        access: ArenaAccess = ArenaAccess(), programs: (broker: String, barid: String)? = nil,
        dataFolder: String? = nil, script: ProofRun.Script? = nil
    ) async throws -> Verdict {
        var arena = Arena.Configuration(folder: try makeFolder(name), executables: executables)
        arena.launch = launch
        arena.access = access
        arena.earlier = earlier
        if let programs { (arena.broker, arena.barid) = programs }
        if let dataFolder { arena.dataFolder = dataFolder }
        return try await Arena.with(arena) { arena in
            try await ProofRun(configuration, in: arena, stop: stop).run(script)
        }
    }

    /// Removes the folder of a proof in which there is nothing to see.
    ///
    /// The last one of a row stays until the row is judged: it may fail by what it measured.
    func discard(_ verdict: Verdict) {
        if verdict.isProven { try? FileManager.default.removeItem(atPath: verdict.folder) }
    }

    /// Runs so many faults of some kinds, in rounds: a history has to fit into memory.
    func inflict(
        _ weights: [Fault.Kind: Int], _ count: Int, row: Int,
        launch: BrokerLaunch = BrokerLaunch(),
        _ change: (inout ProofConfiguration) -> Void = { _ in }
    ) async throws -> Outcome {
        var outcome = Outcome()
        var former: Verdict?
        var rest = count
        var round: UInt64 = 0
        while rest > 0, !stop.isSet {
            var proof = ProofConfiguration(seed: seed &+ round, duration: nil)
            proof.maximumFaults = min(rest, 50)
            proof.recipe.weights = weights
            if !isFull { proof.recipe.pause = .milliseconds(200)...(.milliseconds(700)) }
            change(&proof)
            let verdict = try await prove("row-\(row)", proof, launch: launch)
            outcome.add(verdict)
            former.map(discard)
            former = verdict
            rest -= min(rest, 50)
            round += 1
        }
        return outcome
    }
}
