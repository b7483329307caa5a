import BaridChaos
import Foundation

/// Rows about the network between the broker and everybody else, in network namespaces of this run.
extension Rows {
    static let network: [Row] = [
        Row(
            number: 20, name: "partition, both ways and one way", needs: TwoHosts.needs,
            run: partition),
        Row(
            number: 21, name: "reset storm, flapping link", needs: TwoHosts.needs, run: resetStorm),
    ]

    /// Protocols/1-transport §7: a dead link is noticed within 6 s; half a second is for asking.
    private static let detection = Duration.milliseconds(6_500)
    /// The same: there is a session within 3 s of the link's return.
    private static let healing = Duration.seconds(3)

    private static func partition(_ workshop: Workshop) async throws -> Outcome {
        let hosts = try TwoHosts(row: 20)
        defer { hosts.remove() }
        let rounds = workshop.count(short: 1, full: 20)
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        proof.rate = 100
        let note = Note()
        let verdict = try await workshop.prove(
            "row-20", proof, launch: hosts.launch, access: hosts.access
        ) { [hosts] stage in
            var numbers = SeededNumbers(seed: workshop.seed)
            var detections = Durations()
            try await everybodyIsThere(&stage, within: .seconds(20))
            for _ in 0..<rounds {
                for way in TwoHosts.Way.allCases where !stage.isStopped {
                    try await stage.pass(.seconds(1))
                    let before = Set(try await BrokerFacts(stage.arena).sessions.values)
                    try hosts.drop(way)
                    let began = ContinuousClock.now
                    // Where one way is open, a peer that hears nothing says hello again: what has to
                    // end is each session from before.
                    while try await !before.isDisjoint(
                        with: BrokerFacts(stage.arena).sessions.values),
                        ContinuousClock.now < began + .seconds(20)
                    {
                        try await stage.pass(.milliseconds(50))
                    }
                    let noticed = ContinuousClock.now - began
                    detections.add(noticed)
                    if noticed > detection {
                        stage.violate(
                            "detection", "\(way): noticed after \(Verdict.text(noticed))")
                    }
                    // However long it lasts, it heals as fast.
                    try await stage.pass(.milliseconds(Int64(numbers.next() % 6_000)))
                    try hosts.heal()
                    stage.count(.pauseWorker)
                    let took = try await everybodyIsThere(&stage, within: .seconds(30))
                    stage.verdict.recoveries.add(took)
                    if took > healing {
                        stage.violate("healing", "\(way): healed after \(Verdict.text(took))")
                    }
                }
            }
            note.text = "noticed p50 \(Verdict.text(detections.median))"
            note.text += " max \(Verdict.text(detections.longest))"
        }
        var outcome = Outcome(verdict)
        outcome.note = note.text
        return outcome
    }

    private static func resetStorm(_ workshop: Workshop) async throws -> Outcome {
        let hosts = try TwoHosts(row: 21)
        defer { hosts.remove() }
        var proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        proof.rate = 100
        let flaps = workshop.count(short: 40, full: 1_500)
        let verdict = try await workshop.prove(
            "row-21", proof, launch: hosts.launch, access: hosts.access
        ) { [hosts] stage in
            try await everybodyIsThere(&stage, within: .seconds(20))
            let before = try await BrokerFacts(stage.arena).sessions
            // Five times a second.
            for _ in 0..<flaps where !stage.isStopped {
                try hosts.reset()
                try await stage.pass(.milliseconds(100))
                try hosts.heal()
                try await stage.pass(.milliseconds(100))
                stage.count(.pauseWorker)
            }
            let took = try await everybodyIsThere(&stage, within: .seconds(30))
            stage.verdict.recoveries.add(took)
            if took > healing {
                stage.violate("healing", "healed after \(Verdict.text(took))")
            }
            let after = try await BrokerFacts(stage.arena).sessions
            if after.values.contains(where: before.values.contains) {
                stage.violate("attack", "a session outlived it: the resets did not reach everybody")
            }
        }
        return Outcome(verdict)
    }

    /// Waits until each publisher and worker has a session.
    @discardableResult
    private static func everybodyIsThere(
        _ stage: inout ProofStage, within limit: Duration
    ) async throws -> Duration {
        let began = ContinuousClock.now
        while try await BrokerFacts(stage.arena).sessions.count < stage.actorCount {
            guard ContinuousClock.now < began + limit else {
                stage.violate("healing", "not everybody came back within \(limit)")
                break
            }
            try await stage.pass(.milliseconds(50))
        }
        return ContinuousClock.now - began
    }
}

/// Two network namespaces with a cable between them: the broker in one, everybody else in the other.
///
/// Their addresses exist in them alone.
final class TwoHosts: Sendable {
    /// What does not get through.
    enum Way: CaseIterable {
        case both
        case toBroker
        case fromBroker
    }

    static let needs: [Row.Need] = [.root, .tool("ip"), .tool("iptables")]

    private let broker: String
    private let clients: String
    private let port: UInt16 = 7_450

    /// Makes them.
    ///
    /// - Parameter row: The number of the row they are of: others may have theirs.
    /// - Throws: `Skipped` where the kernel has no such thing.
    init(row: Int) throws {
        broker = "barid-\(getpid())-\(row)b"
        clients = "barid-\(getpid())-\(row)c"
        do {
            // A kernel without them is a reason to skip.
            try Shell.prepare(connect)
        } catch {
            remove()
            throw error
        }
    }

    private func connect() throws {
        for name in [broker, clients] { try Shell.require("ip", ["netns", "add", name]) }
        try Shell.require(
            "ip",
            [
                "-n", broker, "link", "add", "cable", "type", "veth", "peer", "name", "cable",
                "netns", clients,
            ])
        for (name, address) in [(broker, "10.66.0.1/30"), (clients, "10.66.0.2/30")] {
            try Shell.require("ip", ["-n", name, "address", "add", address, "dev", "cable"])
            for device in ["lo", "cable"] {
                try Shell.require("ip", ["-n", name, "link", "set", device, "up"])
            }
        }
        try filter(["-L", "-n"])
    }

    /// How the broker is started.
    var launch: BrokerLaunch { BrokerLaunch(prefix: inside(broker)) }

    /// How everybody else reaches it.
    var access: ArenaAccess {
        var access = ArenaAccess(listen: .tcp(host: "10.66.0.1", port: port), usesKeys: true)
        access.actorPrefix = inside(clients)
        return access
    }

    /// Drops what goes one way or both.
    func drop(_ way: Way) throws {
        if way != .fromBroker { try filter(["-A", "OUTPUT", "-o", "cable", "-j", "DROP"]) }
        if way != .toBroker { try filter(["-A", "INPUT", "-i", "cable", "-j", "DROP"]) }
    }

    /// Answers every packet, of both sides, with a reset.
    func reset() throws {
        let answer = ["-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset"]
        try filter(["-A", "OUTPUT", "-o", "cable"] + answer)
        try filter(["-A", "INPUT", "-i", "cable"] + answer)
    }

    /// Lets everything through.
    func heal() throws { try filter(["-F"]) }

    /// Removes the namespaces, and the cable with them.
    func remove() {
        for name in [broker, clients] { _ = try? Shell.run("ip", ["netns", "del", name]) }
    }

    private func inside(_ name: String) -> [String] {
        [Shell.path(of: "ip") ?? "ip", "netns", "exec", name]
    }

    private func filter(_ arguments: [String]) throws {
        try Shell.require(
            "ip", ["netns", "exec", clients, "iptables", "-w", "10"] + arguments)
    }
}
