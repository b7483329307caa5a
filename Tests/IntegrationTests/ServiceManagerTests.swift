import Barid
import Foundation
import Glibc
import TestSupport
import Testing

/// Protocols/8-observability §4: what broker and workers tell a service manager, with the real executables and a
/// socket that plays systemd.
@Suite(.timeLimit(.minutes(5))) struct ServiceManagerTests {
    /// The socket of a service manager.
    private final class Manager: Sendable {
        private let socket: Int32
        let path: String

        init(at path: String) throws {
            self.path = path
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let isBound = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
            guard isBound else { throw POSIXError(.EADDRINUSE) }
        }

        deinit { close(socket) }

        /// The next datagram; `nil` when there is none yet.
        func next() -> String? {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
        }

        /// Waits for a datagram that begins so, passing over others.
        func waits(for start: String) async throws -> String {
            try await eventually("the service manager hears \(start)") {
                while let text = next() {
                    if text.hasPrefix(start) { return text }
                }
                return nil
            }
        }
    }

    private static func environment(
        _ folder: TemporaryFolder, _ manager: Manager, watchdog: String? = nil
    ) -> [String: String] {
        var environment = [
            "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/broker.ipc"),
            "XDG_CONFIG_HOME": folder.file("config"), "NOTIFY_SOCKET": manager.path,
        ]
        environment["WATCHDOG_USEC"] = watchdog
        return environment
    }

    @Test func theBrokerSaysReadyAliveAndStopping() async throws {
        let folder = try TemporaryFolder()
        let manager = try Manager(at: folder.file("notify"))
        let broker = try RunningProcess(
            "barid-broker", environment: Self.environment(folder, manager, watchdog: "200000"))
        let ready = try await manager.waits(for: "READY=1")
        #expect(ready.contains("STATUS=") && ready.contains(folder.file("run/broker.ipc")))
        // It listens by then.
        #expect(FileManager.default.fileExists(atPath: folder.file("run/broker.ipc")))
        for _ in 0..<3 { _ = try await manager.waits(for: "WATCHDOG=1") }
        broker.signal(SIGTERM)
        _ = try await manager.waits(for: "STOPPING=1")
        #expect(try await broker.ended() == 0)
        #expect(manager.next().map { $0.hasPrefix("WATCHDOG") } != false)
    }

    /// A worker is ready once it is subscribed, not before there is a broker.
    @Test func aWorkerIsReadyOnceItIsSubscribed() async throws {
        let folder = try TemporaryFolder()
        let workers = try Manager(at: folder.file("worker"))
        let worker = try RunningProcess(
            "barid-parser", environment: Self.environment(folder, workers, watchdog: "200000"))
        _ = try await workers.waits(for: "WATCHDOG=1")
        let brokers = try Manager(at: folder.file("broker"))
        let broker = try RunningProcess(
            "barid-broker", environment: Self.environment(folder, brokers))
        _ = try await brokers.waits(for: "READY=1")
        let ready = try await workers.waits(for: "READY=1")
        #expect(ready.contains("STATUS=") && ready.contains("parser"), "\(ready)")
        worker.signal(SIGTERM)
        _ = try await workers.waits(for: "STOPPING=1")
        #expect(try await worker.ended() == 0)
        // Nobody asked the broker for signs of life.
        #expect(brokers.next() == nil)
        broker.signal(SIGTERM)
        #expect(try await broker.ended() == 0)
    }

    /// Signs of life do not keep out what is said once, where the service manager is slow to read.
    @Test func aFullQueueKeepsNothingButSignsOfLifeOut() async throws {
        let folder = try TemporaryFolder()
        let manager = try Manager(at: folder.file("notify"))
        let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.path]))
        var signs = 0
        while notifier.tell(.alive) { signs += 1 }
        let (results, result) = AsyncStream<Bool>.makeStream()
        Thread { result.yield(notifier.tell(.ready, status: "at work")) }.start()
        for _ in 0..<signs { _ = try await manager.waits(for: "WATCHDOG=1") }
        #expect(try await manager.waits(for: "READY=1") == "READY=1\nSTATUS=at work")
        #expect(await results.first { _ in true } == true)
    }

    /// A broker that is stopped gives no sign of life: the service manager would end it.
    @Test func aStoppedBrokerGivesNoSignOfLife() async throws {
        let folder = try TemporaryFolder()
        let manager = try Manager(at: folder.file("notify"))
        let broker = try RunningProcess(
            "barid-broker", environment: Self.environment(folder, manager, watchdog: "100000"))
        _ = try await manager.waits(for: "WATCHDOG=1")
        broker.signal(SIGSTOP)
        try await eventually("it stands still") { isStopped(broker.id) ? () : nil }
        // What it had sent already may still be there; then nothing comes for five times the limit.
        while manager.next() != nil {}
        try await Task.sleep(for: .milliseconds(500))
        #expect(manager.next() == nil)
        broker.signal(SIGCONT)
        _ = try await manager.waits(for: "WATCHDOG=1")
        broker.signal(SIGTERM)
        #expect(try await broker.ended() == 0)
    }

    /// Without a socket, or with an address that is none, everything works as ever.
    @Test(arguments: [
        "", "relative", "@", "/nonexistent/socket", String(repeating: "/x", count: 90),
    ])
    func anAddressThatIsNoneHarmsNothing(address: String) async throws {
        let folder = try TemporaryFolder()
        let manager = try Manager(at: folder.file("notify"))
        var environment = Self.environment(folder, manager, watchdog: "100000")
        environment["NOTIFY_SOCKET"] = address
        let broker = try RunningProcess("barid-broker", environment: environment)
        try await eventually("ready") { broker.error.contains("ready") ? () : nil }
        #expect(manager.next() == nil)
        broker.signal(SIGTERM)
        #expect(try await broker.ended() == 0, "\(broker.error)")
    }

    /// What systemd itself says of the units, where it is there.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
    func systemdTakesTheUnits() async throws {
        let folder = try TemporaryFolder()
        // The executables and the user need not be there: that is the only thing it may miss.
        for unit in ["barid-broker.service", "barid-plugin@.service"] {
            let text = try Repository.text(of: "Scripts/systemd/\(unit)")
                .replacing("/usr/local/bin/barid-broker", with: "/bin/true")
                .replacing("/usr/local/bin/barid-%i", with: "/bin/true")
            _ = try folder.write(text, to: unit)
        }
        _ = try folder.write(
            try Repository.text(of: "Scripts/systemd/barid-plugin@.service")
                .replacing("/usr/local/bin/barid-%i", with: "/bin/true"),
            to: "barid-plugin@parser.service")
        let verify = try RunningProcess(
            "/usr/bin/systemd-analyze",
            [
                "verify", "--man=no", "--recursive-errors=no",
                folder.file("barid-broker.service"), folder.file("barid-plugin@parser.service"),
            ])
        let code = try await verify.ended()
        #expect(code == 0 && verify.error.isEmpty, "\(verify.error)")
    }
}
