import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import GRPCProtobuf
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid-broker` as a process: its exit codes, and that what it acknowledged survives its death.
@Suite(.timeLimit(.minutes(10))) struct CommandTests {
    private static func environment(_ folder: TemporaryFolder) -> [String: String] {
        [
            "BARID_DATA": folder.file("data"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/broker.ipc"),
            "XDG_CONFIG_HOME": folder.file("config"),
        ]
    }

    private static func start(_ folder: TemporaryFolder) async throws -> RunningProcess {
        let process = try RunningProcess("barid-broker", environment: environment(folder))
        try await eventually("the broker is ready") {
            process.error.contains("\"message\":\"ready\"") || !process.isRunning ? () : nil
        }
        return process
    }

    @Test func stopsInGoodOrderOnSIGTERM() async throws {
        let folder = try TemporaryFolder()
        let process = try await Self.start(folder)
        process.signal(SIGTERM)
        #expect(try await process.ended() == 0, "\(process.error)")
        #expect(process.error.contains("\"message\":\"stopped\""))
        #expect(process.output.isEmpty)
    }

    /// DESIGN 10: 69 says that there is a broker already.
    @Test func aSecondBrokerNamesTheFirstAndLeaves() async throws {
        let folder = try TemporaryFolder()
        let first = try await Self.start(folder)
        let second = try RunningProcess("barid-broker", environment: Self.environment(folder))
        #expect(try await second.ended() == 69)
        #expect(second.error.contains("\(first.id)"), "\(second.error)")
        #expect(first.isRunning)
    }

    @Test(
        arguments: [
            (["--no-such-flag"], 64), (["--listen", "tcp://0.0.0.0;x:7450"], 65),
            (["--endpoint", "ipc:///" + String(repeating: "x", count: 120)], 65),
            (["--durability", "hope"], 64), (["--metrics", "0.0.0.0:0"], 65),
            (["--metrics", "nowhere"], 65),
        ] as [([String], Int32)])
    func refusesWrongArguments(arguments: [String], code: Int32) async throws {
        let folder = try TemporaryFolder()
        let process = try RunningProcess(
            "barid-broker", arguments, environment: Self.environment(folder))
        #expect(try await process.ended() == code, "\(process.error)")
        #expect(!process.error.isEmpty)
    }

    /// libzmq ends a process that has no descriptor left for a connection: with too few of them
    /// (255, 256 are told apart) the broker does not start.
    @Test(arguments: [(255, true), (256, false)])
    func refusesToStartWithTooFewDescriptors(limit: Int, isRefused: Bool) async throws {
        let folder = try TemporaryFolder()
        let process = try RunningProcess(
            "/bin/sh",
            ["-c", "ulimit -n \(limit); exec \(Repository.products)/barid-broker"],
            environment: Self.environment(folder))
        if isRefused {
            #expect(try await process.ended() == 69)
            #expect(process.error.contains("255") && process.error.contains("256"))
        } else {
            try await eventually("ready") {
                process.error.contains("\"message\":\"ready\"") ? () : nil
            }
            process.signal(SIGTERM)
            #expect(try await process.ended() == 0, "\(process.error)")
        }
    }

    @Test func saysWhereEachSettingComesFrom() async throws {
        let folder = try TemporaryFolder()
        let process = try RunningProcess(
            "barid-broker", ["--print-configuration", "--data", "/tmp/x"],
            environment: Self.environment(folder))
        #expect(try await process.ended() == 0)
        #expect(process.output.contains("data\t/tmp/x\tflag --data"))
        #expect(process.output.contains("environment BARID_ENDPOINT"))
    }

    /// Protocols/2-bus §14: every limit is a setting, by flag or environment, checked whole at start.
    @Test func limitsAreSettings() async throws {
        let folder = try TemporaryFolder()
        let shown = try RunningProcess(
            "barid-broker", ["--print-configuration", "--soft-free", "1.5 GiB"],
            environment: Self.environment(folder).merging([
                "BARID_MAXIMUM_LOG": "10GB", "BARID_DEDUP_HOURS": "48",
                "BARID_MAXIMUM_SESSIONS_PER_KEY": "3",
            ]) { $1 })
        #expect(try await shown.ended() == 0, "\(shown.error)")
        for line in [
            "soft-free\t1610612736\tflag --soft-free", "hard-free\t25165824\tdefault",
            "maximum-log\t10000000000\tenvironment BARID_MAXIMUM_LOG",
            "dedup-hours\t48\tenvironment BARID_DEDUP_HOURS", "dedup-events\t131072\tdefault",
            "maximum-sessions-per-key\t3\tenvironment BARID_MAXIMUM_SESSIONS_PER_KEY",
            "maximum-sessions\t4096\tdefault", "maximum-pending\t1024\tdefault",
            "maximum-unfinished\t268435456\tdefault", "memory-step\t33554432\tdefault",
        ] {
            #expect(shown.output.contains(line), "\(line): \(shown.output)")
        }
        let wrong = try RunningProcess(
            "barid-broker",
            ["--soft-free", "1MiB", "--dedup-events", "0", "--maximum-pending", "0"],
            environment: Self.environment(folder).merging(["BARID_MAXIMUM_LOG": "much"]) { $1 })
        #expect(try await wrong.ended() == 64)
        for part in [
            "soft limit", "window of identities", "BARID_MAXIMUM_LOG", "without a session",
        ] {
            #expect(wrong.error.contains(part), "\(part): \(wrong.error)")
        }
    }

    /// A receipt means fsynced: whoever got one finds the event after any kill.
    @Test func whatWasAcknowledgedSurvivesKills() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: folder.file("run/broker.ipc"))
        var acknowledged: [String: UInt64] = [:]
        for round in 0..<4 {
            let process = try await Self.start(folder)
            let receipts = Mutex<[String: UInt64]>([:])
            // Publishes until the broker dies; what the error says does not matter.
            let publishing = Task {
                try? await Self.publishEndlessly(to: endpoint, round: round) { id, sequence in
                    receipts.withLock { $0[id] = sequence }
                }
            }
            try await eventually("some receipts") {
                receipts.withLock { $0.count } > 40 * (round + 1) ? () : nil
            }
            process.signal(SIGKILL)
            try await process.ended()
            publishing.cancel()
            _ = await publishing.value
            acknowledged.merge(receipts.withLock { $0 }) { $1 }
        }
        let process = try await Self.start(folder)
        let stored = try await Self.stored(at: endpoint)
        for (id, sequence) in acknowledged { #expect(stored[sequence] == id, "\(id)") }
        #expect(Set(stored.values).count == stored.count, "each is stored once")
        #expect(Set(stored.keys) == Set(1...UInt64(stored.count)), "sequences have no gap")
        process.signal(SIGTERM)
        #expect(try await process.ended() == 0)
    }

    private static func publishEndlessly(
        to endpoint: Endpoint, round: Int, _ receipt: @escaping @Sendable (String, UInt64) -> Void
    ) async throws {
        try await withClient(of: endpoint) { client in
            let bus = Barid_Bus_V1_EventBus.Client(wrapping: client)
            try await bus.publish { writer in
                var number = 0
                while !Task.isCancelled {
                    let events = try (0..<3).map { offset -> Data in
                        try Barid_Bus_V1_Event.test("\(round)-\(number + offset)")
                            .serializedBytes()
                    }
                    number += 3
                    try await writer.write(.with { $0.events = events })
                    try await Task.sleep(for: .milliseconds(1))
                }
            } onResponse: { response in
                var number = 0
                for try await message in response.messages {
                    for range in message.receipts {
                        for offset in 0..<range.count {
                            receipt("\(round)-\(number)", range.firstSequence + UInt64(offset))
                            number += 1
                        }
                    }
                }
            }
        }
    }

    private static func stored(at endpoint: Endpoint) async throws -> [UInt64: String] {
        try await withClient(of: endpoint) { client in
            let bus = Barid_Bus_V1_EventBus.Client(wrapping: client)
            return try await bus.read(Barid_Bus_V1_ReadRequest()) { response in
                var stored: [UInt64: String] = [:]
                for try await message in response.messages {
                    for (sequence, event) in zip(message.sequences, message.events) {
                        stored[sequence] = try Barid_Bus_V1_Event(serializedBytes: event).id
                    }
                }
                return stored
            }
        }
    }
}
