import BaridChaos
import Foundation

/// The fault table, in its order.
enum Rows {
    static let all: [Row] =
        (kills + disks + damage + workers + supervision + network + limits + hostile + time
        + versions)
        .sorted { ($0.number, $0.id) < ($1.number, $1.id) }

    /// Rows that are faults by plan and nothing else.
    private static let kills: [Row] = [
        Row(number: 1, name: "broker SIGKILL at random times") { workshop in
            var outcome = try await workshop.inflict(
                [.killBroker: 1], workshop.count(short: 12, full: 1_000), row: 1)
            guard let median = outcome.recoveries.median else {
                outcome.fail("liveness: no recovery was measured")
                return outcome
            }
            if median > .seconds(2) {
                outcome.fail("recovery: p50 \(Verdict.text(median)), and 2 s at most are promised")
            }
            return outcome
        },
        Row(number: 1, name: "broker acknowledges too early", mustBreak: ["durability"]) {
            workshop in
            try await workshop.inflict(
                [.killBroker: 1], 4, row: 1,
                launch: BrokerLaunch(environment: ["LD_PRELOAD": workshop.shim("late-writes")]))
        },
        Row(number: 34, name: "SIGTERM under load") { workshop in
            let count = workshop.count(short: 8, full: 200)
            let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
            let verdict = try await workshop.prove("row-34", proof) { stage in
                for _ in 0..<count where !stage.isStopped {
                    try await stage.pass(.milliseconds(500))
                    try await stage.inflict(.restartBroker)
                }
                let log = stage.arena.configuration.folder + "/logs/broker.log"
                let text = try String(contentsOfFile: log, encoding: .utf8)
                if text.contains("cut short") {
                    stage.violate("drain", "a broker that had drained left a log to repair")
                }
            }
            return Outcome(verdict)
        },
    ]

    private static let workers: [Row] = [
        Row(number: 14, name: "worker SIGKILL in mid-event") { workshop in
            var outcome = try await workshop.inflict(
                [.killWorker: 1], workshop.count(short: 12, full: 500), row: 14
            ) { $0.takesEffect = true }
            let times = outcome.redeliveries
            outcome.note = "redelivery p50 \(Verdict.text(times.median))"
            outcome.note += " max \(Verdict.text(times.longest))"
            guard let median = times.median else {
                outcome.fail("liveness: no kill met a worker with a delivery")
                return outcome
            }
            if median > .seconds(1) { outcome.fail("redelivery: \(outcome.note)") }
            return outcome
        },
        Row(number: 14, name: "worker acks before its effect", mustBreak: ["effect"]) {
            try await $0.inflict([.killWorker: 1], 12, row: 14) { proof in
                proof.takesEffect = true
                proof.acksTooEarly = true
            }
        },
        Row(number: 15, name: "worker SIGSTOP beyond its lease") { workshop in
            var outcome = try await workshop.inflict(
                [.pauseWorker: 1], workshop.count(short: 2, full: 50), row: 15
            ) { proof in
                // Short leases make short pauses long enough.
                proof.takesEffect = true
                proof.lease = .seconds(1)
                proof.recipe.workerPause = .milliseconds(1_500)...(.milliseconds(2_500))
            }
            if outcome.stale == 0 { outcome.fail("liveness: no late ack was ever refused") }
            outcome.note = "\(outcome.stale) stale refused"
            return outcome
        },
        Row(number: 16, name: "broker SIGSTOP") { workshop in
            // Longer than a lease and the 2 s of silence that may be a quiet time.
            let time = Duration.seconds(workshop.count(short: 6, full: 30))
            var outcome = try await workshop.inflict(
                [.pauseBroker: 1], workshop.count(short: 1, full: 10), row: 16
            ) { proof in
                proof.recipe.brokerPause = time...time
            }
            // Leases of 3 s have all run out by the clock; a pause of the broker does not count.
            if !workshop.isFull, outcome.stale > 0 {
                outcome.fail("liveness: \(outcome.stale) leases ran out while the broker stood")
            }
            return outcome
        },
        Row(number: 17, name: "poison: kills its worker each time", run: poison),
        Row(number: 24, name: "slow workers, fast publishers") { workshop in
            var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
            let time = Duration.seconds(workshop.count(short: 8, full: 600))
            proof.rate = 1_500
            // 64 keys with 60 ms each are a thousand events a second, of three thousand.
            proof.traffic.workMilliseconds = 120
            proof.settling = .seconds(workshop.isFull ? 7_200 : 200)
            // 40 MiB idle and 64 MiB whatever the backlog, as the promise has it.
            proof.limits = ["rss_bytes": 104 << 20, "fds": 256]
            let note = Note()
            let verdict = try await workshop.prove("row-24", proof) { stage in
                try await stage.pass(time / 2)
                try await stage.inflict(.killPublisher(1))
                try await stage.pass(time / 2)
                let lag = try await BrokerFacts(stage.arena).lag
                note.text = "backlog \(lag)"
                if lag < 2_000 { stage.violate("attack", "the workers kept up: \(note.text)") }
            }
            var outcome = Outcome(verdict)
            outcome.note = note.text
            return outcome
        },
    ]

    /// The guilty become dead letters, nobody else does, and everything else goes on.
    private static func poison(_ workshop: Workshop) async throws -> Outcome {
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        proof.traffic.poisonEvery = 400
        proof.maximumDeliveries = workshop.isFull ? 5 : 2
        let time = Duration.seconds(workshop.count(short: 4, full: 120))
        let verdict = try await workshop.prove("row-17", proof) { stage in
            try await stage.pass(time)
        }
        var outcome = Outcome(verdict)
        var poisoned = 0
        for id in verdict.deadLettered {
            switch ProvenEvent(id: id, traffic: proof.traffic)?.order {
            case .poison: poisoned += 1
            case .reject: break
            case .ack, .emit, .retry, nil:
                outcome.fail("poison: \(id) is a dead letter, and only stood beside the guilty")
            }
        }
        outcome.kills = poisoned
        outcome.note = "\(poisoned) poisoned set aside"
        if poisoned == 0 { outcome.fail("poison: nothing was set aside") }
        return outcome
    }
}
