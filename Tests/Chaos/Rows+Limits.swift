import BaridChaos
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Rows about what the system gives a process, and about its clocks.
extension Rows {
    static let limits: [Row] = [
        Row(number: 26, name: "few descriptors, 100 connections", run: fewDescriptors),
        Row(number: 27, name: "128 MiB of memory", needs: [.root], run: littleMemory),
    ]

    static let time: [Row] = [
        Row(number: 31, name: "wall clock jumps", run: jumpingClock),
        Row(
            number: 31, name: "monotonic clock of another boot",
            needs: [.root, .tool("unshare")], run: otherBoot),
    ]

    /// With 64 the broker refuses to start and says why; with 300 it serves beside a crowd.
    private static func fewDescriptors(_ workshop: Workshop) async throws -> Outcome {
        func limited(to count: Int) -> BrokerLaunch {
            BrokerLaunch(prefix: ["/bin/sh", "-c", "ulimit -n \(count); exec \"$@\"", "sh"])
        }
        let (few, some) = (limited(to: 64), limited(to: 300))
        let time = Duration.seconds(workshop.count(short: 3, full: 60))
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let note = Note()
        let verdict = try await workshop.prove("row-26", proof) { stage in
            try await stage.arena.stopBroker()
            stage.count(.restartBroker)
            do {
                try await stage.recover(few)
                stage.violate("limits", "the broker starts with 64 descriptors")
                try await stage.arena.fleet.kill(Arena.broker)
            } catch let refused as NeverHappened {
                if !refused.description.contains("open descriptors") {
                    stage.violate("limits", "refused without a reason: \(refused.description)")
                }
            }
            try await stage.recover(some)
            try await stage.pass(.seconds(1))
            let before = stage.arena.fleet.process(Arena.broker).flatMap { ProcessMeasure($0) }
            let crowd = Crowd(100, at: stage.arena.socket)
            if crowd.count < 100 {
                stage.violate("attack", "of 100 connections \(crowd.count) could be made")
            }
            try await stage.pass(time)
            let after = stage.arena.fleet.process(Arena.broker).flatMap { ProcessMeasure($0) }
            crowd.leave()
            stage.count(.pauseBroker)
            guard let before, let after else {
                stage.violate("limits", "the broker ended beside 100 silent connections")
                return
            }
            let share = (after.processorTime - before.processorTime) / time
            note.text = "\(Int(share * 100)) % of a core beside the crowd"
            // Publishers and workers of this proof are served meanwhile: that is most of it.
            if share > 0.8 { stage.violate("limits", note.text) }
        }
        var outcome = Outcome(verdict)
        outcome.note = note.text
        return outcome
    }

    /// Killed for memory or not: what was acknowledged is there afterwards.
    private static func littleMemory(_ workshop: Workshop) async throws -> Outcome {
        let group = try MemoryGroup(bytes: 128 << 20)
        defer { group.remove() }
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        proof.rate = 1_000
        proof.traffic.bytes = 4_096
        let time = workshop.count(short: 6, full: 120)
        let launch = BrokerLaunch(prefix: [
            "/bin/sh", "-c", "echo $$ > \(group.tasks); exec \"$@\"", "sh",
        ])
        let note = Note()
        let verdict = try await workshop.prove("row-27", proof, launch: launch) { stage in
            var deaths = 0
            if stage.arena.fleet.process(Arena.broker).map(group.holds) != true {
                stage.violate("attack", "the broker is not in the group with the limit")
            }
            for _ in 0..<(time * 5) where !stage.isStopped {
                try await stage.pass(.milliseconds(200))
                guard stage.arena.fleet.end(of: Arena.broker) != nil else { continue }
                deaths += 1
                stage.count(.killBroker)
                try await stage.recover()
            }
            note.text = "\(deaths) killed by the system"
        }
        var outcome = Outcome(verdict)
        outcome.note = note.text
        return outcome
    }

    /// Forwards and backwards under load: no lease runs out early, nothing is stored out of order.
    private static func jumpingClock(_ workshop: Workshop) async throws -> Outcome {
        let clock = "\(workshop.folder)/clock"
        try Data("0".utf8).write(to: URL(fileURLWithPath: clock))
        let launch = BrokerLaunch(environment: [
            "LD_PRELOAD": workshop.shim("clock"), "BARID_CLOCK_FILE": clock,
        ])
        let rounds = workshop.count(short: 1, full: 20)
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let verdict = try await workshop.prove("row-31", proof, launch: launch) { stage in
            for _ in 0..<rounds {
                for hours in [1, -1, 24 * 365, -24 * 365, 0] where !stage.isStopped {
                    try Data("\(hours * 3_600)".utf8).write(to: URL(fileURLWithPath: clock))
                    try await stage.pass(.milliseconds(600))
                    let offset = try await BrokerFacts(stage.arena).clockOffset
                    if abs(offset / .seconds(3_600) - Double(hours)) > 0.5 {
                        stage.violate(
                            "attack", "the broker's clock is off by \(offset), not \(hours) h")
                    }
                    stage.count(.pauseBroker)
                    if hours < 0 { try await stage.inflict(.killBroker) }
                }
            }
        }
        var outcome = Outcome(verdict)
        if outcome.stale > 0 {
            outcome.fail("liveness: \(outcome.stale) leases ran out although no time passed")
        }
        return outcome
    }

    /// As after a boot of the machine: the monotonic clock begins somewhere else.
    private static func otherBoot(_ workshop: Workshop) async throws -> Outcome {
        let rounds = workshop.count(short: 1, full: 20)
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let verdict = try await workshop.prove("row-31", proof) { stage in
            for _ in 0..<rounds {
                for seconds in [1_000_000, 0, 5_000] where !stage.isStopped {
                    try await stage.arena.fleet.kill(Arena.broker)
                    try await stage.recover(
                        BrokerLaunch(prefix: [
                            Shell.path(of: "unshare") ?? "unshare", "-T", "--monotonic",
                            "\(seconds)", "--boottime", "\(seconds)", "--fork", "--kill-child",
                            "--",
                        ]))
                    stage.count(.killBroker)
                    try await stage.pass(.milliseconds(500))
                }
            }
            try await stage.arena.fleet.kill(Arena.broker)
            try await stage.recover()
        }
        return Outcome(verdict)
    }
}

/// A word that a script leaves for the table.
final class Note: Sendable {
    private let value = Mutex("")

    var text: String {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

/// Many connections that say nothing.
final class Crowd {
    private var descriptors: [Int32] = []

    var count: Int { descriptors.count }

    init(_ count: Int, at path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        for _ in 0..<count {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let descriptor = socket(AF_UNIX, kind, 0)
            guard descriptor >= 0 else { return }
            descriptors.append(descriptor)
            // One that is not taken waits in the kernel's queue, which is part of the fault.
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    func leave() {
        for descriptor in descriptors { close(descriptor) }
        descriptors = []
    }

    deinit { leave() }
}

/// A control group with a limit on memory: version 1 or 2, whichever the system has.
struct MemoryGroup {
    private let folder: String
    /// A process that writes its id here is in the group.
    var tasks: String { "\(folder)/cgroup.procs" }

    init(bytes: Int) throws {
        let name = "barid-chaos-\(getpid())"
        let old = "/sys/fs/cgroup/memory"
        let isOld = FileManager.default.fileExists(atPath: "\(old)/cgroup.procs")
        folder = isOld ? "\(old)/\(name)" : "/sys/fs/cgroup/\(name)"
        let limit = isOld ? "memory.limit_in_bytes" : "memory.max"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false)
            try Data("\(bytes)".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(limit)"))
        } catch {
            rmdir(folder)
            throw Skipped(reason: "no memory control group can be made: \(error)")
        }
    }

    /// Whether a process is in it.
    func holds(_ process: Int32) -> Bool {
        let text = (try? String(contentsOfFile: tasks, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").contains { Int32($0) == process }
    }

    func remove() { rmdir(folder) }
}
