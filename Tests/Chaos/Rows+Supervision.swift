import BaridChaos
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Rows about the supervisor, and about two brokers that want the same.
extension Rows {
    static let supervision: [Row] = [
        Row(number: 18, name: "plugin that ends at once, for ever", run: crashLoop),
        Row(number: 19, name: "supervisor SIGKILL", run: killedSupervisor),
        Row(number: 32, name: "two brokers, one data folder or socket", run: secondBroker),
    ]

    // MARK: Rows 18 and 19

    private static func crashLoop(_ workshop: Workshop) async throws -> Outcome {
        try await withSupervisor(workshop, row: 18, plugin: "exit 1") { fleet, status in
            var outcome = Outcome()
            outcome.kills = 1
            let end = ContinuousClock.now + .seconds(60)
            var text = ""
            while ContinuousClock.now < end, !text.contains("crash-loop") {
                try await Task.sleep(for: .milliseconds(500))
                text = try status()
            }
            guard text.contains("crash-loop") else {
                outcome.fail("liveness: no crash-loop within 60 s: \(text)")
                return outcome
            }
            guard let process = fleet.process("up"), let before = ProcessMeasure(process) else {
                outcome.fail("liveness: the supervisor is gone")
                return outcome
            }
            try await Task.sleep(for: .seconds(2))
            let after = ProcessMeasure(process)?.processorTime ?? .zero
            let share = (after - before.processorTime) / .seconds(2)
            outcome.note = "crash-loop shown, \(Int(share * 100)) % of a core"
            if share > 0.02 { outcome.fail("bounds: \(outcome.note)") }
            return outcome
        }
    }

    private static func killedSupervisor(_ workshop: Workshop) async throws -> Outcome {
        var outcome = Outcome()
        let rounds = workshop.count(short: 2, full: 100)
        for _ in 0..<rounds where !workshop.stop.isSet {
            let round = try await withSupervisor(workshop, row: 19, plugin: "exec sleep 1000") {
                fleet, _ in try await killSupervisor(in: fleet)
            }
            outcome.kills += 1
            outcome.recoveries.add(round.recoveries)
            outcome.violations += round.violations
        }
        outcome.note = "times are until nothing is left"
        return outcome
    }

    private static func killSupervisor(in fleet: Fleet) async throws -> Outcome {
        var outcome = Outcome()
        guard let parent = fleet.process("up") else {
            outcome.fail("liveness: the supervisor is gone")
            return outcome
        }
        // The broker and the plugin.
        var children = Processes.below(parent)
        let started = ContinuousClock.now
        while children.count < 2, ContinuousClock.now < started + .seconds(20) {
            try await Task.sleep(for: .milliseconds(50))
            children = Processes.below(parent)
        }
        if children.count < 2 { outcome.fail("liveness: it had started nothing") }
        // SIGKILL to it alone, as the system does it, and not to its group.
        kill(parent, SIGKILL)
        let began = ContinuousClock.now
        var left = children
        while !left.isEmpty, ContinuousClock.now < began + .seconds(4) {
            try await Task.sleep(for: .milliseconds(20))
            left = left.filter(Processes.isAlive)
        }
        let took = ContinuousClock.now - began
        outcome.recoveries.add(took)
        if !left.isEmpty { outcome.fail("liveness: processes \(left) outlive it") }
        if took > .seconds(2) {
            outcome.fail("liveness: the last process ended after \(Verdict.text(took))")
        }
        return outcome
    }

    /// `barid up` with one plugin, a shell script, until its broker and the plugin are there.
    private static func withSupervisor(
        _ workshop: Workshop, row: Int, plugin script: String,
        _ body: @escaping @Sendable (Fleet, @Sendable () throws -> String) async throws -> Outcome
    ) async throws -> Outcome {
        let folder = try workshop.makeFolder("row-\(row)")
        let run = "/tmp/barid-chaos-\(getpid())-\(row)"
        defer { try? FileManager.default.removeItem(atPath: run) }
        for path in ["\(folder)/plugins/script", run] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        let manifest = """
            name: script
            version: 0.1.0
            summary: A script.
            command: [./run.sh]
            consumes:
              types: [test.nothing.v1]

            """
        try Data(manifest.utf8).write(
            to: URL(fileURLWithPath: "\(folder)/plugins/script/plugin.yaml"))
        let program = "\(folder)/plugins/script/run.sh"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: program))
        chmod(program, 0o700)
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder, "BARID_DATA": "\(folder)/data",
            "BARID_STATE": "\(folder)/state", "BARID_ENDPOINT": "ipc://\(run)/b/broker.ipc",
            "BARID_PLUGIN_PATH": "\(folder)/plugins", "XDG_CONFIG_HOME": "\(folder)/config",
        ]
        let barid = "\(workshop.executables)/barid"
        let status: @Sendable () throws -> String = {
            try Shell.run(path: barid, ["status"], environment: environment).output
        }
        return try await Fleet.with(folder: folder) { fleet in
            try await fleet.start("up", barid, ["up"], environment: environment)
            let end = ContinuousClock.now + .seconds(30)
            var text = ""
            while !text.contains("script"), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(200))
                text = try status()
            }
            guard text.contains("script") else {
                throw Broken(description: "barid up shows no plugin: \(text)")
            }
            let outcome = try await body(fleet, status)
            fleet.signal(SIGTERM, "up")
            _ = try? await fleet.ended("up", within: .seconds(20))
            return outcome
        }
    }

    // MARK: Row 32

    /// The second one ends at once and names the first; the first goes on undisturbed.
    private static func secondBroker(_ workshop: Workshop) async throws -> Outcome {
        let rounds = workshop.count(short: 2, full: 50)
        let proof = ProofConfiguration(seed: workshop.seed, duration: nil)
        let verdict = try await workshop.prove("row-32", proof) { stage in
            for round in 0..<rounds where !stage.isStopped {
                let arena = stage.arena
                let other = "\(arena.configuration.folder)/other"
                guard let first = arena.fleet.process(Arena.broker) else {
                    stage.violate("two brokers", "the first one is gone")
                    return
                }
                let sameData = round % 2 == 0
                let began = ContinuousClock.now
                try await arena.fleet.start(
                    "second", arena.configuration.broker,
                    [
                        "--data", sameData ? arena.configuration.dataFolder : other,
                        "--endpoint",
                        sameData ? "ipc://\(arena.socket)2" : "ipc://\(arena.socket)",
                    ], environment: arena.environment)
                let end = try await arena.fleet.ended("second", within: .seconds(20))
                stage.count(.restartBroker)
                let words = end.lastLines.joined(separator: " | ")
                if end.status != 69 || !words.contains("\(first)") {
                    stage.violate(
                        "two brokers", "the second ended with \(end.status), saying: \(words)")
                }
                if ContinuousClock.now - began > .seconds(5) {
                    stage.violate("two brokers", "the second took more than 5 s to end")
                }
                try await stage.pass(.milliseconds(400))
                if arena.fleet.process(Arena.broker) != first {
                    stage.violate("two brokers", "the first one ended")
                }
            }
        }
        return Outcome(verdict)
    }
}

/// What the system says about processes.
enum Processes {
    /// All that a process has started, and those have, and so on.
    static func below(_ parent: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [Int32: [Int32]] = [:]
        for id in all.compactMap({ Int32($0) }) {
            guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
                let above = stat.split(separator: ")").last?.split(separator: " ").dropFirst()
                    .first.flatMap({ Int32($0) })
            else { continue }
            children[above, default: []].append(id)
        }
        var found: [Int32] = []
        var open = [parent]
        while let next = open.popLast() {
            found += children[next] ?? []
            open += children[next] ?? []
        }
        return found
    }

    /// Whether it runs; one that ended and is not reaped does not.
    static func isAlive(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        else { return false }
        return stat.split(separator: ")").last?.trimmingCharacters(in: .whitespaces).first != "Z"
    }
}
