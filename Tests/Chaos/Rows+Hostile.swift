import BaridChaos
import BaridTransport
import Foundation
import Synchronization

/// Rows about peers that mean harm, beside publishers and workers that have to be served as before.
extension Rows {
    static let hostile: [Row] = [
        Row(number: 28, name: "hostile peers") { workshop in
            try await beside(Attack.withoutKeys, row: 28, usesKeys: false, workshop)
        },
        Row(number: 29, name: "wrong, missing, revoked keys") { workshop in
            try await beside(Attack.ofKeys, row: 29, usesKeys: true, workshop)
        },
        Row(number: 30, name: "stolen identity, replay, forged ack") { workshop in
            try await beside(Attack.ofIdentity, row: 30, usesKeys: false, workshop)
        },
    ]

    /// The most memory that a broker under attack may ever have: 64 MiB as it is, two steps of 32 MiB
    /// before it looks who fills it, and what an attacker sends in the 400 ms until it is found.
    private static let maximumBytes: Int64 = 384 << 20

    /// Turns of quiet and of one attack after another, and what latencies were like in each.
    private static func beside(
        _ attacks: [Attack], row: Int, usesKeys: Bool, _ workshop: Workshop
    ) async throws -> Outcome {
        let port = try FreePort.next()
        let access = ArenaAccess(
            listen: .tcp(host: "127.0.0.1", port: port), usesKeys: usesKeys)
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        // Small and even work: what is measured is the broker, and not a queue at a worker.
        proof.traffic.workMilliseconds = 0
        proof.traffic.keys = 1_000
        proof.rate = 200
        let rounds = workshop.count(short: 3, full: 20)
        let turn = Duration.milliseconds(workshop.isFull ? 4_000 : 1_500)
        let turns = Turns()
        let verdict = try await workshop.prove("row-\(row)", proof, access: access) { stage in
            let target = Attack.Target(
                socket: stage.arena.socket, port: port, arena: stage.arena)
            // The first seconds are of starting processes.
            try await stage.pass(.seconds(2))
            let sessions = try await BrokerFacts(stage.arena).sessions
            for attack in attacks where !stage.isStopped {
                let refused = try await BrokerFacts(stage.arena).refused
                let force = Attack.Force(attack, target)
                for _ in 0..<rounds where !stage.isStopped {
                    let began = stage.time
                    try await stage.pass(turn)
                    turns.add(quiet: attack.name, began...stage.time)
                    await force.attack()
                    let met = stage.time
                    try await stage.pass(max(turn, attack.turn))
                    turns.add(attack.name, met...stage.time)
                    await force.cease()
                }
                stage.count(.killPublisher)
                let after = try await BrokerFacts(stage.arena).refused
                if force.tries == 0 {
                    stage.violate("attack", "\(attack.name): nothing was attacked")
                }
                if attack.isRefused, force.refusals == 0 {
                    stage.violate(
                        "attack", "\(attack.name): none of \(force.tries) tries was refused")
                }
                if attack.isCounted, after <= refused {
                    stage.violate("audit", "\(attack.name): no refusal was counted")
                }
                for finding in force.findings {
                    stage.violate("attack", "\(attack.name): \(finding)")
                }
            }
            let kept = try await BrokerFacts(stage.arena).sessions
            for (name, session) in sessions.sorted(by: { $0.key < $1.key })
            where kept[name] != session {
                stage.violate("bystanders", "\(name) lost its session to somebody's attack")
            }
            if let most = stage.arena.fleet.process(Arena.broker).flatMap({ ProcessMeasure($0) }) {
                turns.peak = most.peakBytes
                if most.peakBytes > maximumBytes {
                    stage.violate(
                        "bounds", "the broker took \(most.peakBytes >> 20) MiB under attack")
                }
            } else {
                stage.violate("bounds", "the broker is gone")
            }
        }
        var outcome = Outcome(verdict)
        if outcome.stale > 0 {
            outcome.fail("attack: \(outcome.stale) settlements of rightful workers were refused")
        }
        // Short counts run in the gate, beside whatever else the machine does.
        turns.judge(
            verdict.latencies, slack: .milliseconds(workshop.isFull ? 20 : 300), &outcome)
        return outcome
    }
}

/// When there was quiet and when which attack, and the latencies of each.
final class Turns: Sendable {
    private struct State {
        var order: [String] = []
        var turns: [String: [ClosedRange<Int64>]] = [:]
        var quiet: [ClosedRange<Int64>] = []
        var quietBefore: [String: [ClosedRange<Int64>]] = [:]
        var peak: Int64 = 0
    }

    private let state = Mutex(State())

    func add(_ name: String, _ range: ClosedRange<Int64>) {
        state.withLock { state in
            if state.turns[name] == nil { state.order.append(name) }
            state.turns[name, default: []].append(range)
        }
    }

    func add(quiet name: String, _ range: ClosedRange<Int64>) {
        state.withLock { state in
            state.quiet.append(range)
            state.quietBefore[name, default: []].append(range)
        }
    }

    var peak: Int64 {
        get { state.withLock { $0.peak } }
        set { state.withLock { $0.peak = newValue } }
    }

    /// Under each attack, the median of the turns' p99 is at most twice that of the quiet turns.
    ///
    /// What a turn has of chance, such as a slow sync of the disk, is in the quiet ones as well; the
    /// slack is for what the attacker's own threads take of the machine.
    func judge(
        _ latencies: [Verdict.Latency], slack: Duration, _ outcome: inout Outcome
    ) {
        let state = state.withLock { $0 }
        func typical(_ turns: [ClosedRange<Int64>]) -> Duration? {
            var all = Durations()
            for turn in turns {
                var one = Durations()
                for latency in latencies where turn.contains(latency.published) {
                    one.add(latency.time)
                }
                // A turn with few deliveries has no p99; it is a finding of the history's checks.
                if one.count >= 50, let value = one.percentile(99) { all.add(value) }
            }
            return all.median
        }
        guard let quiet = typical(state.quiet) else {
            outcome.fail("latency: nothing was delivered while it was quiet")
            return
        }
        var words = ["p99 \(Verdict.text(quiet)) quiet"]
        for name in state.order {
            guard let loud = typical(state.turns[name] ?? []) else {
                outcome.fail("latency: too little was delivered during \(name)")
                continue
            }
            words.append("\(Verdict.text(loud)) \(name)")
            // Of the whole run or of the turns around it, whichever was slower: a machine has moods.
            let before = max(quiet, typical(state.quietBefore[name] ?? []) ?? quiet)
            if loud > before * 2 + slack {
                outcome.fail(
                    "latency: p99 \(Verdict.text(loud)) during \(name), "
                        + "\(Verdict.text(before)) without")
            }
        }
        outcome.note = "\(words.joined(separator: ", ")); at most \(state.peak >> 20) MiB"
    }
}
