import BaridChaos
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Rows about the disk and what is on it.
extension Rows {
    static let disks: [Row] = [
        Row(
            number: 2, name: "SIGKILL at named points", needs: [.root, .tool("strace")],
            run: killAtNamedPoints),
        Row(number: 3, name: "power cut", needs: PowerCut.needs) { workshop in
            try await PowerCut.cuts(workshop.count(short: 5, full: 100), workshop)
        },
        Row(
            number: 3, name: "power cut, nothing flushed", needs: PowerCut.needs,
            mustBreak: ["durability", "liveness"]
        ) { workshop in
            try await PowerCut.cuts(
                2, workshop,
                launch: BrokerLaunch(environment: ["LD_PRELOAD": workshop.shim("no-sync")]))
        },
        Row(number: 4, name: "fdatasync fails for good", needs: [.root, .tool("strace")]) {
            try await failingSync(row: 4, once: false, $0)
        },
        Row(number: 5, name: "fdatasync fails once", needs: [.root, .tool("strace")]) {
            try await failingSync(row: 5, once: true, $0)
        },
        Row(
            number: 6, name: "EINTR from write and sync", needs: [.root, .tool("strace")],
            run: interruptedCalls),
        Row(number: 10, name: "disk full, then room again", needs: [.root], run: fullDisk),
    ]

    /// A broker under strace, which makes something of one of its calls.
    static func traced(_ injection: String, file: String, calls: String) -> BrokerLaunch {
        BrokerLaunch(prefix: [
            Shell.path(of: "strace") ?? "strace", "-f", "-qq", "-o", file, "-e", "trace=\(calls)",
            "-e", "inject=\(injection)", "--",
        ])
    }

    // MARK: Row 2

    /// After the write and before the sync, in the middle of a new segment or snapshot: the N-th
    /// call of a kind never returns.
    private static func killAtNamedPoints(_ workshop: Workshop) async throws -> Outcome {
        let calls = [
            "fdatasync", "pwrite64", "fsync", "rename", "fallocate", "ftruncate", "openat",
        ]
        let rounds = workshop.count(short: 2, full: 40)
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        proof.rate = 200
        let reached = Reached()
        let verdict = try await workshop.prove("row-2", proof) { stage in
            var numbers = SeededNumbers(seed: workshop.seed)
            for round in 0..<rounds {
                for call in calls where !stage.isStopped {
                    // Calls of the first moments are in recovery, later ones under load.
                    let most: UInt64 = call == "openat" ? 60 : round % 2 == 0 ? 8 : 80
                    let when = 1 + numbers.next() % most
                    if try await killed(at: call, when, &stage) { reached.add(call) }
                }
            }
        }
        var outcome = Outcome(verdict)
        outcome.note = reached.text
        if reached.count < rounds * 2 { outcome.fail("liveness: too few points were reached") }
        return outcome
    }

    private static func killed(
        at call: String, _ when: UInt64, _ stage: inout ProofStage
    ) async throws -> Bool {
        try await stage.arena.fleet.kill(Arena.broker)
        try await stage.arena.launchBroker(
            traced(
                "\(call):signal=SIGKILL:when=\(when)",
                file: "/dev/null", calls: call))
        let end = ContinuousClock.now + .milliseconds(1_500)
        while stage.arena.fleet.end(of: Arena.broker) == nil, ContinuousClock.now < end {
            try await stage.pass(.milliseconds(20))
        }
        let wasReached = stage.arena.fleet.end(of: Arena.broker) != nil
        try await stage.arena.fleet.kill(Arena.broker)
        stage.count(.killBroker)
        try await stage.recover()
        try await stage.pass(.milliseconds(150))
        return wasReached
    }

    // MARK: Rows 4 and 5

    /// After a failed sync: the broker ends, says so, and does not try again.
    private static func failingSync(
        row: Int, once: Bool, _ workshop: Workshop
    ) async throws -> Outcome {
        let rounds = workshop.count(short: 3, full: 50)
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let verdict = try await workshop.prove("row-\(row)", proof) { stage in
            var numbers = SeededNumbers(seed: workshop.seed)
            for round in 0..<rounds where !stage.isStopped {
                try await stage.arena.stopBroker()
                let when = 3 + numbers.next() % 30
                let trace = "\(stage.arena.configuration.folder)/trace.\(round)"
                try await stage.recover(
                    traced(
                        "fdatasync:error=EIO:when=\(when)\(once ? "" : "+")", file: trace,
                        calls: "fdatasync"))
                let end = ContinuousClock.now + .seconds(20)
                while stage.arena.fleet.end(of: Arena.broker) == nil, ContinuousClock.now < end {
                    try await stage.pass(.milliseconds(20))
                }
                stage.count(.killBroker)
                check(stage.arena.fleet.end(of: Arena.broker), trace: trace, &stage)
                try await stage.arena.fleet.kill(Arena.broker)
                try await stage.recover()
                try await stage.pass(.milliseconds(200))
            }
        }
        return Outcome(verdict)
    }

    private static func check(_ end: Fleet.End?, trace: String, _ stage: inout ProofStage) {
        guard let end else {
            stage.violate("fail-stop", "the broker went on after a failed fdatasync")
            return
        }
        if end.status != 74 {
            stage.violate("fail-stop", "the broker ended with \(end.status) and not with 74")
        }
        if !end.lastLines.contains(where: { $0.contains("sync") || $0.contains("Input/output") }) {
            stage.violate(
                "fail-stop", "no word about the sync: \(end.lastLines.joined(separator: " | "))")
        }
        // strace counts in each thread: the one that makes spare segments may meet the error as well.
        let calls = ((try? String(contentsOfFile: trace, encoding: .utf8)) ?? "")
            .split(separator: "\n").filter { $0.contains("fdatasync(") }
        for (index, call) in calls.enumerated() where call.contains("EIO") {
            let place = call.prefix { $0 != ")" }
            let again = calls.dropFirst(index + 1).count { $0.hasPrefix(place) }
            if again > 0 { stage.violate("fail-stop", "\(place)) was tried \(again) times more") }
        }
    }

    // MARK: Row 6

    private static func interruptedCalls(_ workshop: Workshop) async throws -> Outcome {
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let time = Duration.seconds(workshop.count(short: 2, full: 120))
        let verdict = try await workshop.prove("row-6", proof) { stage in
            for call in ["pwrite64", "fdatasync"] where !stage.isStopped {
                try await stage.arena.stopBroker()
                let trace = "\(stage.arena.configuration.folder)/trace.\(call)"
                try await stage.recover(
                    traced("\(call):error=EINTR:when=5+7", file: trace, calls: call))
                try await stage.pass(time)
                let calls = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
                if !calls.contains("EINTR") {
                    stage.violate("attack", "no \(call) was interrupted")
                }
                if let end = stage.arena.fleet.end(of: Arena.broker) {
                    stage.violate("liveness", "EINTR from \(call) ended the broker: \(end)")
                }
                stage.count(.pauseBroker)
                try await stage.arena.fleet.kill(Arena.broker)
                try await stage.recover()
            }
        }
        return Outcome(verdict)
    }

    // MARK: Row 10

    /// Publishes are refused, what is stored can be worked off, and room is noticed.
    ///
    /// Each round has a log of its own: what is stored stays, and would fill the disk by itself.
    private static func fullDisk(_ workshop: Workshop) async throws -> Outcome {
        let disk = "\(workshop.folder)/small-disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try Shell.prepare {
            try Shell.require(
                "mount", ["-t", "tmpfs", "-o", "size=256m,mode=0700", "tmpfs", disk])
        }
        defer { _ = try? Shell.run("umount", ["-l", disk]) }
        var outcome = Outcome()
        var former: Verdict?
        for round in 0..<workshop.count(short: 1, full: 20) where !workshop.stop.isSet {
            var proof = ProofConfiguration(seed: workshop.seed &+ UInt64(round), duration: nil)
            proof.traffic.bytes = 16 << 10
            let data = "\(disk)/data.\(round)"
            let verdict = try await workshop.prove("row-10", proof, dataFolder: data) { stage in
                try await fillAndFree(disk, &stage)
            }
            outcome.add(verdict)
            former.map(workshop.discard)
            former = verdict
            if !verdict.isProven {
                // The disk goes away with the row, and is evidence.
                _ = try? Shell.run(
                    "cp", ["-r", "--sparse=always", data, "\(verdict.folder)/data"])
            }
            try FileManager.default.removeItem(atPath: data)
        }
        return outcome
    }

    private static func fillAndFree(_ disk: String, _ stage: inout ProofStage) async throws {
        try await stage.pass(.milliseconds(800))
        let ballast = "\(disk)/ballast"
        try Ballast.fill(ballast, leaving: 1 << 20, on: disk)
        // Whatever becomes of this round, the next one has the whole disk.
        defer { try? FileManager.default.removeItem(atPath: ballast) }
        // What is left in segments made ahead is taken first.
        let filled = ContinuousClock.now + .seconds(60)
        while try await BrokerFacts(stage.arena).isAccepting, ContinuousClock.now < filled {
            try await stage.pass(.milliseconds(200))
        }
        if try await BrokerFacts(stage.arena).isAccepting {
            stage.violate("full disk", "publishes are still taken on a full disk")
        }
        // Workers go on: all that was stored is done with while the disk is full.
        let end = ContinuousClock.now + .seconds(30)
        while try await BrokerFacts(stage.arena).lag > 0, ContinuousClock.now < end {
            try await stage.pass(.milliseconds(100))
        }
        let drained = try await BrokerFacts(stage.arena)
        if drained.lag > 0 {
            stage.violate("full disk", "\(drained.lag) events are stuck while it is full")
        }
        try FileManager.default.removeItem(atPath: ballast)
        stage.count(.pauseBroker)
        let again = ContinuousClock.now + .seconds(20)
        while try await BrokerFacts(stage.arena).last <= drained.last, ContinuousClock.now < again {
            try await stage.pass(.milliseconds(100))
        }
        if try await BrokerFacts(stage.arena).last <= drained.last {
            stage.violate("full disk", "nothing is stored 20 s after there is room again")
        }
    }
}

/// Which points were reached, for the table.
final class Reached: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }

    var count: Int { counts.withLock { $0.values.reduce(0, +) } }

    var text: String {
        counts.withLock { counts in
            counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                .joined(separator: ", ")
        }
    }
}

/// Fills a disk.
enum Ballast {
    static func fill(_ path: String, leaving rest: UInt64, on disk: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Broken(description: "\(path) cannot be made") }
        defer { close(descriptor) }
        // The broker takes from the same disk meanwhile.
        for _ in 0..<20 {
            var facts = statvfs()
            guard statvfs(disk, &facts) == 0 else { break }
            let free = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
            guard free > rest else { return }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { break }
            if posix_fallocate(descriptor, status.st_size, off_t(free - rest)) == 0 { return }
        }
        throw Broken(description: "\(path) cannot be filled")
    }
}
