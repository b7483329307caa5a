internal import Foundation
internal import GRPCCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The publishers and workers of a proof, each time they are started under a file of its own.
///
/// Used by one task: the one that runs the proof.
struct Crew {
    /// One time that an actor ran.
    struct Shift: Sendable {
        var name: String
        var history: String
        /// Whether it was of an earlier version.
        var isEarlier = false
        /// When it was killed, in the time of histories; nil when it ended by itself.
        var killed: Int64?
        /// What it saw from this time on did not happen: the power was cut.
        var cut: Int64?
    }

    let arena: Arena
    let proof: ProofConfiguration
    private(set) var shifts: [Shift] = []
    private var latest: [String: Int] = [:]
    /// Those that were told to stop and did.
    private var stopped: Set<String> = []

    init(arena: Arena, proof: ProofConfiguration) {
        self.arena = arena
        self.proof = proof
    }

    var publishers: [String] { (0..<proof.publishers).map { "publisher-\($0 + 1)" } }
    var workers: [String] { (0..<proof.workers).map { "worker-\($0 + 1)" } }

    /// Starts an actor, a publisher so that it sends again what its predecessor left open.
    mutating func start(_ name: String) async throws {
        let predecessor = latest[name].map { shifts[$0].history }
        let number = shifts.count + 1
        stopped.remove(name)
        let history = "\(arena.historyFolder)/\(name).\(number).jsonl"
        latest[name] = shifts.count
        shifts.append(Shift(name: name, history: history, isEarlier: arena.isEarlier.barid))
        var arguments = [name.hasPrefix("publisher") ? "prove-publisher" : "prove-worker"]
        arguments += ["--name", name, "--history", history]
        if name.hasPrefix("publisher") {
            arguments += [
                "--seed", "\(proof.seed)", "--first", "\(UInt64(number) * 1_000_000_000 + 1)",
                "--rate", "\(proof.rate)", "--bytes", "\(proof.traffic.bytes)",
                "--keys", "\(proof.traffic.keys)",
                "--work-ms", "\(proof.traffic.workMilliseconds)",
                "--poison-every", "\(proof.traffic.poisonEvery)",
            ]
            if let predecessor { arguments += ["--after", predecessor] }
        } else {
            arguments += [
                "--group", ProofConfiguration.group, "--credit", "\(proof.credit)",
                "--lease-ms", "\(proof.lease.milliseconds)",
                "--maximum-deliveries", "\(proof.maximumDeliveries)",
            ]
            if proof.takesEffect { arguments += ["--effects", arena.effectFolder] }
            if proof.acksTooEarly { arguments.append("--acks-too-early") }
        }
        try await arena.startActor(name, arguments)
    }

    /// One that has not written down anything yet, as it does when it begins; nil when all have.
    var idle: String? {
        (workers + publishers).first { name in
            latest[name].map { !FileManager.default.fileExists(atPath: shifts[$0].history) } ?? true
        }
    }

    /// Kills an actor and starts it again.
    mutating func kill(_ name: String) async throws {
        if let index = latest[name] { shifts[index].killed = MonotonicTime.now }
        try await arena.fleet.kill(name)
        try await start(name)
    }

    /// Everybody is about to be killed, and did not live to see what came after this time.
    mutating func cutPower(at time: Int64) {
        for index in shifts.indices where shifts[index].killed == nil {
            shifts[index].killed = time
            shifts[index].cut = time
        }
        stopped.formUnion(publishers + workers)
    }

    /// Tells an actor to stop, waits, and starts it again.
    mutating func restart(_ name: String) async throws {
        try await stop(name)
        try await start(name)
    }

    /// Tells an actor to stop, and waits for it to finish what it holds.
    mutating func stop(_ name: String) async throws {
        stopped.insert(name)
        guard arena.fleet.process(name) != nil else { return }
        arena.fleet.signal(SIGTERM, name)
        let end = try await arena.fleet.ended(name, within: .seconds(60))
        // One that had not come to listen to signals yet has done nothing either.
        let hasBegun = latest[name].map {
            FileManager.default.fileExists(atPath: shifts[$0].history)
        }
        guard end.status == 0 || (end.status == 128 + SIGTERM && hasBegun == false) else {
            throw NeverHappened(
                description: """
                    \(name) ended with \(end.status) when it was told to stop: \
                    \(end.lastLines.joined(separator: " | "))
                    """)
        }
    }

    /// Starts again whoever died by itself, as poison has it.
    mutating func revive() async throws {
        for name in publishers + workers
        where !stopped.contains(name) && arena.fleet.process(name) == nil {
            guard let end = arena.fleet.end(of: name) else { continue }
            guard end.status == 128 + SIGKILL else {
                throw NeverHappened(
                    description: """
                        \(name) ended by itself with \(end.status): \
                        \(end.lastLines.joined(separator: " | "))
                        """)
            }
            if let index = latest[name], shifts[index].killed == nil {
                shifts[index].killed = MonotonicTime.now
            }
            try await start(name)
        }
    }
}
