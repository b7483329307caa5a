import BaridMetrics
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import BaridSupervisor

/// The supervisor over shell scripts, with a broker that is played by the test.
@Suite struct SupervisorTests {
    /// Knows a session for each process whose script has written its id into a file.
    private final class PlayedBroker: BrokerLink {
        let folder: String
        let events = Mutex<[String]>([])
        let reports = Mutex<[(worker: String, end: ProcessEnd, session: String)]>([])
        let outstanding: [String: UInt64]

        init(folder: String, outstanding: [String: UInt64] = [:]) {
            self.folder = folder
            self.outstanding = outstanding
        }

        func view() async throws -> BrokerView {
            guard FileManager.default.fileExists(atPath: "\(folder)/broker.up") else {
                throw CocoaError(.fileNoSuchFile)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            let sessions: [BrokerSession] = names.compactMap { name in
                guard name.hasPrefix("session-"), let process = Int32(name.dropFirst(8)) else {
                    return nil
                }
                let isIdle = FileManager.default.fileExists(atPath: "\(folder)/idle-\(process)")
                return BrokerSession(
                    session: "s\(process)", name: "x", processIdentifier: process,
                    duties: isIdle ? 0 : 1)
            }
            return BrokerView(sessions: sessions, outstanding: outstanding)
        }

        func createGroup(_ group: PluginDescription.Group) async throws {
            events.withLock { $0.append("group \(group.name)") }
        }

        func report(_ end: ProcessEnd, worker: String, session: String) async throws {
            reports.withLock { $0.append((worker, end, session)) }
        }
    }

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func plugin(_ name: String, in parent: String = "plugins", _ script: String) throws {
        let path = folder.file("\(parent)/\(name)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: "\(path)/plugin.yaml"))
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: "\(path)/run"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o700], ofItemAtPath: "\(path)/run")
    }

    private func supervisor(
        _ broker: PlayedBroker, policy: RestartPolicy = RestartPolicy(), memory: Int? = nil,
        metrics: MetricsAddress? = nil, readyLimit: Duration = .seconds(20)
    ) throws -> Supervisor {
        let plugins = PluginFolders(
            folders: [folder.file("plugins")], executables: folder.file("bin")
        ) { path in
            let name = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
            var description = PluginDescription(
                name: name, command: ["./run"],
                groups: [PluginDescription.Group(name: name, types: [])])
            description.limits.memory = memory
            return description
        }
        var configuration = Supervisor.Configuration(
            broker: [
                "/bin/sh", "-c",
                "trap 'echo broker >>stops; exit 0' TERM; : >broker.up; echo up; while :; do sleep 0.02; done",
            ], plugins: plugins,
            environment: [
                "PATH": "/usr/bin:/bin", "FOLDER": folder.path, "BARID_ENDPOINT": "ipc:///b.ipc",
            ],
            logFolder: folder.file("logs"))
        configuration.broker = [
            "/bin/sh", "-c",
            "cd $FOLDER; trap 'echo broker >>stops; exit 0' TERM; : >broker.up; while :; do sleep 0.02; done",
        ]
        configuration.policy = policy
        configuration.metrics = metrics
        configuration.readyLimit = readyLimit
        configuration.lookInterval = .milliseconds(50)
        configuration.trialTime = .milliseconds(100)
        configuration.userPlugins = UserPlugins(folder: folder.file("plugins"))
        return try Supervisor(configuration, link: broker, logger: Logger(label: "test"))
    }

    private static let good =
        "trap 'sleep 0.1; echo worker >>$FOLDER/stops; exit 0' TERM; : >$FOLDER/session-$$; while :; do sleep 0.02; done"

    @Test func startsAllReportsExitsRestartsAndStopsTheBrokerLast() async throws {
        try plugin("good", Self.good)
        let broker = PlayedBroker(folder: folder.path)
        let supervisor = try supervisor(broker)
        async let running: Void = supervisor.run()
        let all = try await supervisor.startAll()
        #expect(all.map(\.name) == ["broker", "good"])
        #expect(all.allSatisfy { $0.state == .ready }, "\(all)")
        #expect(broker.events.withLock { $0 } == ["group good"])

        let first = try #require(all.last?.processIdentifier)
        kill(first, SIGKILL)
        let again = try await eventually("a new process") {
            let plugin = await supervisor.list().first { $0.name == "good" }
            return plugin?.state == .ready && plugin?.processIdentifier != first ? plugin : nil
        }
        #expect(again.restarts == 1)
        let report = try #require(broker.reports.withLock { $0.first })
        #expect(report.worker == "good" && report.end.signal == SIGKILL)
        #expect(report.session == "s\(first)")

        await supervisor.stop()
        await running
        let stops = try String(contentsOfFile: folder.file("stops"), encoding: .utf8)
        #expect(stops == "worker\nbroker\n")
        #expect(kill(again.processIdentifier, 0) != 0)
    }

    /// Protocols/4-plugin §3.7: SIGTERM may end a program before its own code runs, as while an
    /// interpreter starts; that is the stop that was asked for.
    @Test(arguments: ["", "trap 'exit 143' TERM; "])
    func whoIsEndedBySIGTERMWhileItStartsIsBlamedForNothing(trap: String) async throws {
        try plugin("slow", "\(trap): >$FOLDER/began-$$; while :; do sleep 0.02; done")
        let broker = PlayedBroker(folder: folder.path)
        var policy = RestartPolicy()
        // Whoever waited that long would be seen to.
        policy.firstDelay = .seconds(60)
        let supervisor = try supervisor(broker, policy: policy)
        async let running: Void = supervisor.run()
        async let starting = supervisor.startAll()
        var processes: Set<Int32> = []
        for restarts in 0..<8 {
            let process = try await eventually("a process that has begun") {
                () -> SupervisedProcess? in
                let plugin = await supervisor.list().first { $0.name == "slow" }
                guard let plugin, plugin.restarts == restarts,
                    !processes.contains(plugin.processIdentifier),
                    FileManager.default.fileExists(
                        atPath: folder.file("began-\(plugin.processIdentifier)"))
                else { return nil }
                return plugin
            }
            #expect(process.state == .starting && process.message.isEmpty, "\(process)")
            processes.insert(process.processIdentifier)
            if restarts < 7 { _ = await supervisor.restart("slow") }
        }
        #expect(broker.reports.withLock { $0.isEmpty })
        await supervisor.stop()
        _ = try? await starting
        await running
    }

    /// Protocols/4-plugin §3.3: "A process that is not ready after 30 s is told of", with what it lacks.
    @Test func whoIsNeverReadyIsToldOfUntilItIs() async throws {
        try plugin("silent", "while :; do sleep 0.02; done")
        try plugin(
            "idle", ": >$FOLDER/idle-$$; : >$FOLDER/session-$$; while :; do sleep 0.02; done")
        let supervisor = try supervisor(
            PlayedBroker(folder: folder.path), readyLimit: .milliseconds(300))
        async let running: Void = supervisor.run()
        _ = try await supervisor.startAll()
        let told = try await eventually("both are told of") {
            let all = await supervisor.list().filter { $0.name != Supervisor.brokerName }
            return all.allSatisfy { !$0.message.isEmpty } ? all : nil
        }
        #expect(told.allSatisfy { $0.state == .starting && $0.processIdentifier > 0 }, "\(told)")
        let messages = Dictionary(uniqueKeysWithValues: told.map { ($0.name, $0.message) })
        #expect(
            messages["silent"]?.contains("did not connect to the broker at ipc:///b.ipc") == true)
        #expect(messages["silent"]?.hasSuffix("`barid plugin logs silent`") == true)
        #expect(messages["idle"]?.contains("joins no group and serves nothing") == true)

        let late = try #require(told.first { $0.name == "silent" }?.processIdentifier)
        try Data().write(to: URL(fileURLWithPath: folder.file("session-\(late)")))
        try await eventually("the late one is ready after all") {
            let plugin = await supervisor.list().first { $0.name == "silent" }
            return plugin?.state == .ready && plugin?.message.isEmpty == true ? () : nil
        }
        await supervisor.stop()
        await running
    }

    /// Protocols/4-plugin §3.3: the session may be of a process that the command started.
    @Test func aScriptMayStartTheWorkerInsteadOfBecomingIt() async throws {
        try plugin(
            "wrapped",
            "trap 'exit 0' TERM; sh -c ': >$FOLDER/session-$$; while :; do sleep 0.02; done' & wait"
        )
        let supervisor = try supervisor(PlayedBroker(folder: folder.path))
        async let running: Void = supervisor.run()
        let all = try await supervisor.startAll()
        #expect(all.map(\.state) == [.ready, .ready], "\(all)")
        #expect(await supervisor.list().map(\.name) == ["broker", "wrapped"])
        await supervisor.stop()
        await running
    }

    @Test func aCrashLoopIsShownAndTheOthersGoOn() async throws {
        try plugin("good", Self.good)
        try plugin("bad", "echo the reason >&2; exit 4")
        var policy = RestartPolicy()
        policy.firstDelay = .milliseconds(1)
        let supervisor = try supervisor(PlayedBroker(folder: folder.path), policy: policy)
        async let running: Void = supervisor.run()
        let all = try await supervisor.startAll()
        let bad = try #require(all.first { $0.name == "bad" })
        #expect(bad.state == .crashLoop && bad.restarts == 5)
        #expect(bad.message == "exit code 4: the reason")
        #expect(all.first { $0.name == "good" }?.state == .ready)
        await supervisor.stop()
        await running
    }

    /// Protocols/8-observability §1: the table is what is served, and exits show in it.
    @Test func figuresTellOfEachPlugin() async throws {
        try plugin("good", Self.good)
        try plugin("bad", "exit 4")
        var policy = RestartPolicy()
        policy.firstDelay = .milliseconds(1)
        let supervisor = try supervisor(
            PlayedBroker(folder: folder.path), policy: policy, memory: 1 << 30,
            metrics: MetricsAddress("127.0.0.1:0"))
        async let running: Void = supervisor.run()
        let all = try await supervisor.startAll()
        let good = try #require(all.first { $0.name == "good" }?.processIdentifier)
        let port = try #require(await supervisor.metricsAddress?.port)
        let before = try await RawClient.figures(port: port)
        #expect(try before.differences(fromTable: "The supervisor").isEmpty)
        #expect(before["barid_plugin_state", ["plugin": "good", "state": "ready"]] == 1)
        #expect(before["barid_plugin_state", ["plugin": "broker", "state": "ready"]] == 1)
        #expect(before["barid_plugin_state", ["plugin": "bad", "state": "crash-loop"]] == 1)
        #expect(before["barid_plugin_crash_loop", ["plugin": "bad"]] == 1)
        #expect(before["barid_plugin_exits_total", ["plugin": "bad", "end": "4"]] == 6)
        #expect(before["barid_plugin_restarts_total", ["plugin": "bad"]] == 5)
        #expect(before["barid_plugin_memory_limit_bytes", ["plugin": "good"]] == 0x1p30)
        #expect(try #require(before["barid_plugin_resident_memory_bytes", ["plugin": "good"]]) > 0)
        #expect(before["barid_plugin_cpu_seconds_total", ["plugin": "bad"]] == nil)
        kill(good, SIGKILL)
        try await eventually("the exit is counted") {
            let figures = try await RawClient.figures(port: port)
            let ends = figures["barid_plugin_exits_total", ["plugin": "good", "end": "signal-9"]]
            return ends == 1 && figures["barid_plugin_restarts_total", ["plugin": "good"]] == 1
                ? () : nil
        }
        await supervisor.stop()
        await running
        #expect(throws: POSIXError.self) { try RawClient(port: port) }
    }

    /// DESIGN 6: "an exit while holding a lease is charged to the event, not to the loop".
    @Test func aWorkerThatFallsOverItsWorkIsNoCrashLoop() async throws {
        try plugin(
            "poisoned",
            "[ $(ls $FOLDER | grep -c session-) -ge 9 ] && exec sleep 1000; : >$FOLDER/session-$$; sleep 0.2; exit 1"
        )
        var policy = RestartPolicy()
        policy.firstDelay = .milliseconds(1)
        policy.maximumDelay = .milliseconds(2)
        let broker = PlayedBroker(folder: folder.path, outstanding: ["poisoned": 1])
        let supervisor = try supervisor(broker, policy: policy)
        async let running: Void = supervisor.run()
        _ = try await supervisor.startAll()
        try await eventually("nine exits") {
            broker.reports.withLock { $0.count } >= 9 ? () : nil
        }
        let state = await supervisor.list().first { $0.name == "poisoned" }?.state
        #expect(state != .crashLoop)
        #expect(broker.reports.withLock { $0.allSatisfy { !$0.session.isEmpty } })
        await supervisor.stop()
        await running
    }

    @Test func aWorkerThatDoesNotDrainIsKilled() async throws {
        try plugin(
            "stubborn",
            "trap '' TERM; : >$FOLDER/session-$$; while :; do sleep 0.05; done")
        var policy = RestartPolicy()
        policy.drainLimit = .milliseconds(200)
        let supervisor = try supervisor(PlayedBroker(folder: folder.path), policy: policy)
        async let running: Void = supervisor.run()
        let all = try await supervisor.startAll()
        await supervisor.stop()
        await running
        for process in all { #expect(kill(process.processIdentifier, 0) != 0) }
    }

    /// Protocols/4-plugin §3: "A folder that comes, changes or goes while it runs is noticed".
    @Test func pluginsThatComeChangeAndGoAreNoticed() async throws {
        let broker = PlayedBroker(folder: folder.path)
        let supervisor = try supervisor(broker)
        async let running: Void = supervisor.run()
        _ = try await supervisor.startAll()

        try plugin("late", Self.good)
        let first = try await eventually("the new plugin") {
            let plugin = await supervisor.list().first { $0.name == "late" }
            return plugin?.state == .ready ? plugin : nil
        }
        #expect(broker.events.withLock { $0 } == ["group late"])
        #expect(first.residentBytes > 0 && first.group == "late")

        try plugin("late", "# edited\n\(Self.good)")
        let second = try await eventually("the edited plugin") {
            let plugin = await supervisor.list().first { $0.name == "late" }
            return plugin?.state == .ready && plugin?.processIdentifier != first.processIdentifier
                ? plugin : nil
        }

        try FileManager.default.removeItem(atPath: folder.file("plugins/late"))
        try await eventually("the end of the removed plugin") {
            await supervisor.list().contains { $0.name == "late" } ? nil : ()
        }
        #expect(kill(second.processIdentifier, 0) != 0)
        // It was stopped, not lost.
        #expect(broker.reports.withLock { $0.allSatisfy { $0.end.signal == 0 } })
        await supervisor.stop()
        await running
    }

    /// Protocols/4-plugin §3: "A process that uses more than `limits.memory` is ended with SIGKILL".
    @Test func aProcessBeyondItsMemoryIsKilledAndSaysSo() async throws {
        try plugin("hungry", Self.good)
        let broker = PlayedBroker(folder: folder.path)
        let supervisor = try supervisor(broker, memory: 1)
        async let running: Void = supervisor.run()
        _ = try await supervisor.startAll()
        let report = try await eventually("the report of its end") {
            broker.reports.withLock { $0.first }
        }
        #expect(report.end.signal == SIGKILL)
        #expect(report.end.lastLines.last?.hasSuffix("limits.memory is 0 MiB") == true)
        await supervisor.stop()
        await running
    }

    /// Protocols/4-plugin §3: "once it has been ready for 2 s the old one drains".
    @Test func anUpgradeTakesOverAndAFailedOneDoesNot() async throws {
        for version in ["1", "2"] {
            try plugin("a", in: "versions/\(version)", "# \(version)\n\(Self.good)")
        }
        try plugin("a", in: "versions/bad", "echo no luck >&2; exit 3")
        let own = UserPlugins(folder: folder.file("plugins"))
        try own.link("a", to: folder.file("versions/1/a"))
        let supervisor = try supervisor(PlayedBroker(folder: folder.path))
        async let running: Void = supervisor.run()
        let first = try #require(try await supervisor.startAll().last)
        #expect(first.name == "a" && first.state == .ready)

        await #expect {
            _ = try await supervisor.upgrade("a", to: folder.file("versions/bad/a"))
        } throws: {
            "\($0)".contains("no luck") && "\($0)".contains("the old version goes on")
        }
        let kept = await supervisor.list().filter { $0.name == "a" }
        #expect(kept.map(\.processIdentifier) == [first.processIdentifier])
        #expect(own.target(of: "a") == folder.file("versions/1/a"))

        let second = try await supervisor.upgrade("a", to: folder.file("versions/2/a"))
        #expect(second.state == .ready && second.processIdentifier != first.processIdentifier)
        #expect(own.target(of: "a") == folder.file("versions/2/a"))
        #expect(kill(first.processIdentifier, 0) != 0)
        let all = await supervisor.list().filter { $0.name == "a" }
        #expect(all.map(\.processIdentifier) == [second.processIdentifier])
        await supervisor.stop()
        await running
    }

    /// Before anything is started there is no moment to wait for.
    @Test func waitsBeforeAnythingIsStarted() async throws {
        let supervisor = try supervisor(PlayedBroker(folder: folder.path))
        async let running: Void = supervisor.run()
        // Each turn lets the timekeeper go on, until it waits.
        for _ in 0..<200 {
            await Task.yield()
            _ = await supervisor.isStopping
        }
        await supervisor.stop()
        await running
    }

    @Test func aBrokerThatDoesNotStartIsTheReason() async throws {
        let broker = PlayedBroker(folder: folder.path)
        var configuration = Supervisor.Configuration(
            broker: ["/bin/sh", "-c", "echo the data folder is locked >&2; exit 69"],
            plugins: PluginFolders(folders: [], executables: "/") { _ in
                PluginDescription(name: "", command: [])
            }, environment: [:], logFolder: folder.file("logs"))
        configuration.policy = RestartPolicy()
        let supervisor = try Supervisor(configuration, link: broker, logger: Logger(label: "test"))
        async let running: Void = supervisor.run()
        await #expect {
            _ = try await supervisor.startAll()
        } throws: {
            "\($0)" == "the data folder is locked"
        }
        await supervisor.stop()
        await running
    }
}
