import BaridChaos
import Foundation

/// The power-cut rig: an ext4 image in an XFS that shares blocks between copies.
///
/// A copy of the image is what was written back to the disk at that instant and nothing else: what
/// only the page cache knew is not in it. The broker is then killed and goes on, on the copy, with
/// ext4's own journal replay before it.
enum PowerCut {
    static let needs: [Row.Need] = [
        .root, .tool("mkfs.xfs"), .tool("mkfs.ext4"), .tool("mount"), .tool("umount"),
    ]

    static func cuts(
        _ count: Int, _ workshop: Workshop, launch: BrokerLaunch = BrokerLaunch()
    ) async throws -> Outcome {
        let rig = try Shell.prepare { try Rig(folder: try workshop.makeFolder("power-cut")) }
        defer { rig.remove() }
        var numbers = SeededNumbers(seed: workshop.seed)
        var outcome = Outcome()
        var former: Verdict?
        for _ in 0..<count where !workshop.stop.isSet {
            let load = Duration.milliseconds(Int64(200 + numbers.next() % 1_300))
            try rig.insertDisk()
            defer { rig.pullDisk() }
            var proof = ProofConfiguration(seed: numbers.next(), duration: nil)
            proof.rate = 400
            var arena = Arena.Configuration(
                folder: try workshop.makeFolder("row-3"), executables: workshop.executables)
            arena.dataFolder = "\(rig.disk)/data"
            arena.launch = launch
            let verdict = try await Arena.with(arena) { [proof] arena in
                try await ProofRun(proof, in: arena, stop: workshop.stop).runThroughCut(
                    after: load, snapshot: rig.snapshot, goOn: rig.mountSnapshot)
            }
            outcome.add(verdict)
            former.map(workshop.discard)
            former = verdict
            if !verdict.isProven {
                // The disk goes away with the rig, and is evidence.
                _ = try? Shell.run(
                    "cp", ["-r", "--sparse=always", arena.dataFolder, "\(arena.folder)/data"])
            }
        }
        return outcome
    }

    /// The file systems within one another, and their copies.
    struct Rig: Sendable {
        let folder: String
        private var pool: String { "\(folder)/pool" }
        /// Where the broker's disk is mounted, the original and then its copy.
        var disk: String { "\(folder)/disk" }

        init(folder: String) throws {
            self.folder = folder
            for name in ["pool", "disk"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            try Shell.require("truncate", ["-s", "6G", "\(folder)/pool.img"])
            try Shell.require("mkfs.xfs", ["-q", "-m", "reflink=1", "\(folder)/pool.img"])
            try Shell.require("mount", ["-o", "loop", "\(folder)/pool.img", pool])
            do {
                try Shell.require("truncate", ["-s", "1G", "\(pool)/blank.img"])
                try Shell.require(
                    "mkfs.ext4",
                    ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", "\(pool)/blank.img"])
            } catch {
                remove()
                throw error
            }
        }

        /// A blank disk, mounted.
        func insertDisk() throws {
            try copy("blank.img", to: "disk.img")
            try Shell.require("mount", ["-o", "loop", "\(pool)/disk.img", disk])
        }

        /// Copies what is on the disk at this instant.
        func snapshot() throws { try copy("disk.img", to: "snapshot.img") }

        /// The machine comes up again: its disk is what was on it at the snapshot.
        func mountSnapshot() throws {
            pullDisk()
            try Shell.require("mount", ["-o", "loop", "\(pool)/snapshot.img", disk])
        }

        func pullDisk() { _ = try? Shell.run("umount", [disk]) }

        /// Unmounts and deletes everything.
        func remove() {
            pullDisk()
            _ = try? Shell.run("umount", [pool])
            try? FileManager.default.removeItem(atPath: folder)
        }

        private func copy(_ from: String, to: String) throws {
            try Shell.require("cp", ["--reflink=always", "\(pool)/\(from)", "\(pool)/\(to)"])
        }
    }
}
