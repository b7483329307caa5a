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
        let (least, most) = workshop.isFull ? (20, 60) : (3, 20)
        let windows = Windows(length: workshop.isFull ? .seconds(4) : .seconds(1))
        let verdict = try await workshop.prove("row-\(row)", proof, access: access) { stage in
            let target = Attack.Target(
                socket: stage.arena.socket, port: port, arena: stage.arena)
            // The first seconds are of starting processes.
            try await stage.pass(.seconds(2))
            let sessions = try await BrokerFacts(stage.arena).sessions
            for attack in attacks where !stage.isStopped {
                let refused = try await BrokerFacts(stage.arena).refused
                let force = Attack.Force(attack, target)
                // What looks slow is looked at longer before it is judged: a machine has moods.
                while !stage.isStopped, windows.count(attack.name) < most,
                    try windows.count(attack.name) < least
                        || windows.slowness(attack.name, stage.latencies()) != nil
                {
                    let began = stage.time
                    try await stage.pass(max(windows.length, attack.turn))
                    windows.add(quiet: attack.name, began...stage.time)
                    await force.attack()
                    let met = stage.time
                    try await stage.pass(max(windows.length, attack.turn))
                    windows.add(attack.name, met...stage.time)
                    await force.cease()
                    // Memory that an attack took is given back a moment later.
                    try await stage.pass(.milliseconds(200))
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
                windows.peak = most.peakBytes
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
        windows.judge(verdict.latencies, &outcome)
        return outcome
    }
}

/// Windows of one length, quiet and under attack in turn, and how late events were in each.
///
/// A typical p99 is the median of the windows': what a single one has of chance, such as a slow sync of the
/// disk, is not in it.
final class Windows: Sendable {
    /// What an attacker's own threads may take of a small machine, beside twice the time of before.
    static let allowance = Duration.milliseconds(10)

    private struct State {
        var order: [String] = []
        var loud: [String: [ClosedRange<Int64>]] = [:]
        var quiet: [String: [ClosedRange<Int64>]] = [:]
        var peak: Int64 = 0
    }

    let length: Duration
    private let state = Mutex(State())

    init(length: Duration) { self.length = length }

    /// How many windows there are of an attack; as many were quiet.
    func count(_ name: String) -> Int { state.withLock { $0.loud[name]?.count ?? 0 } }

    /// Takes the time of an attack, as many windows as fit.
    func add(_ name: String, _ time: ClosedRange<Int64>) {
        state.withLock { state in
            if state.loud[name] == nil { state.order.append(name) }
            state.loud[name, default: []] += cut(time)
        }
    }

    /// Takes the quiet time before an attack.
    func add(quiet name: String, _ time: ClosedRange<Int64>) {
        state.withLock { $0.quiet[name, default: []] += cut(time) }
    }

    private func cut(_ time: ClosedRange<Int64>) -> [ClosedRange<Int64>] {
        let length = Int64(length / .nanoseconds(1))
        let count = (time.upperBound - time.lowerBound) / length
        return (0..<count).map { number in
            let begin = time.lowerBound + number * length
            return begin...(begin + length - 1)
        }
    }

    /// The most memory of the broker.
    var peak: Int64 {
        get { state.withLock { $0.peak } }
        set { state.withLock { $0.peak = newValue } }
    }

    /// What is wrong with latencies under an attack; nil when nothing is.
    func slowness(_ name: String, _ latencies: [Verdict.Latency]) -> String? {
        let state = state.withLock { $0 }
        return Self.slowness(
            quiet: Self.quiet(around: name, state, latencies),
            loud: Self.typical(state.loud[name] ?? [], latencies), name)
    }

    private static func slowness(quiet: Duration?, loud: Duration?, _ name: String) -> String? {
        guard let quiet else { return "nothing was delivered while it was quiet" }
        guard let loud else { return "too little was delivered during \(name)" }
        guard loud > quiet * 2 + allowance else { return nil }
        return "p99 \(Verdict.text(loud)) during \(name), \(Verdict.text(quiet)) without"
    }

    /// Of the windows between those of the attack, or of the whole run when that was slower.
    private static func quiet(
        around name: String, _ state: State, _ latencies: [Verdict.Latency]
    ) -> Duration? {
        let own = typical(state.quiet[name] ?? [], latencies)
        let all = typical(state.quiet.values.flatMap { $0 }, latencies)
        return own.flatMap { own in all.map { max(own, $0) } }
    }

    private static func typical(
        _ windows: [ClosedRange<Int64>], _ latencies: [Verdict.Latency]
    ) -> Duration? {
        var all = Durations()
        for window in windows {
            var one = Durations()
            for latency in latencies where window.contains(latency.published) {
                one.add(latency.time)
            }
            // A window with few deliveries has no p99; it is a finding of the history's checks.
            if one.count >= 50, let value = one.percentile(99) { all.add(value) }
        }
        return all.median
    }

    /// Under each attack, the p99 is at most twice that of quiet windows and the allowance.
    func judge(_ latencies: [Verdict.Latency], _ outcome: inout Outcome) {
        let state = state.withLock { $0 }
        var words: [String] = []
        for name in state.order {
            let quiet = Self.quiet(around: name, state, latencies)
            let loud = Self.typical(state.loud[name] ?? [], latencies)
            if let problem = Self.slowness(quiet: quiet, loud: loud, name) {
                outcome.fail("latency: \(problem), of \(state.loud[name]?.count ?? 0) windows each")
            }
            words.append("\(Verdict.text(quiet)) to \(Verdict.text(loud)) \(name)")
        }
        outcome.note = "p99 \(words.joined(separator: ", ")); at most \(state.peak >> 20) MiB"
    }
}
