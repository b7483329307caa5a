internal import Barid
internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging

/// A broker of the benchmark's own, in a process of its own, on a scratch folder.
struct BenchBroker: Sendable {
    let process: BenchProcess
    let endpoint: Endpoint
    let dataFolder: String
    /// From the start of its process to the first receipt.
    let readySeconds: Double

    /// Starts a broker on a folder, and waits for the receipt of a first event.
    ///
    /// - Throws: ``BenchFailure``, `RPCError`, `CancellationError`.
    init(
        settings: BenchSettings, folder: ScratchFolder, group: [String] = [],
        name: String = "broker"
    ) async throws {
        dataFolder = "\(folder.path)/data"
        let socket = "\(folder.path)/\(UInt32.random(in: 0 ... .max)).ipc"
        var arguments = [
            "--data", dataFolder, "--endpoint", "ipc://\(socket)", "--log-level", "warning",
        ]
        var tcp: Endpoint?
        if settings.transport == .tcp {
            let port = try Self.freePort()
            tcp = .tcp(host: "127.0.0.1", port: port)
            arguments += ["--listen", "tcp://127.0.0.1:\(port)", "--allow-local-users"]
        }
        let start = MonotonicTime.now
        process = try await BenchProcess(
            name, program: "\(settings.programs)/barid-broker", arguments: arguments)
        endpoint = tcp ?? .ipc(path: socket)
        do {
            // A client that comes too early waits 100 ms before it tries again, so none does.
            let limit = ContinuousClock.now + .seconds(30)
            while access(socket, F_OK) != 0 {
                try await Task.sleep(for: .microseconds(200))
                guard ContinuousClock.now < limit else {
                    throw BenchFailure("the broker does not listen:\n  \(process.lastErrors)")
                }
            }
            try await BaridClient.with(.ipc(path: socket), name: "bench", logger: .none) { client in
                var configuration = Publisher.Configuration()
                configuration.topic = "bench-start"
                var maker = BenchEventMaker(
                    run: String(start, radix: 36), bytes: 16, stamp: false)
                let event = try maker.next()
                _ = try await client.withPublisher(configuration) { try await $0.publish(event) }
            }
            readySeconds = MonotonicTime.seconds(start, MonotonicTime.now)
        } catch {
            await process.end()
            throw error
        }
    }

    /// Makes groups, so that no event passes them by.
    func createGroups(_ names: [String]) async throws {
        try await BaridClient.with(endpoint, name: "bench", logger: .none) { client in
            for name in names {
                _ = try await client.admin.createGroup(
                    .with { $0.subscription = Self.subscription(name) })
            }
        }
    }

    /// The subscription of the benchmark's workers.
    static func subscription(_ group: String) -> Barid_Bus_V1_Subscription {
        .with {
            $0.topic = BenchTopic.name
            $0.group = group
            $0.types = [BenchTopic.eventType]
        }
    }

    /// Asks for the status until it is as wanted.
    ///
    /// - Returns: When that was seen.
    @discardableResult
    func wait(
        within limit: Duration = .seconds(120),
        until isReached: @escaping @Sendable (Barid_Admin_V1_GetStatusResponse) -> Bool
    ) async throws -> UInt64 {
        try await BaridClient.with(endpoint, name: "bench", logger: .none) { client in
            let end = ContinuousClock.now + limit
            while true {
                let status = try await client.admin.getStatus(.init())
                let now = MonotonicTime.now
                if isReached(status) { return now }
                guard ContinuousClock.now < end else {
                    let groups = status.groups.map {
                        "\($0.group): \($0.acked) acked, lag \($0.lag), \($0.workers) workers"
                    }
                    throw BenchFailure(
                        "the broker did not get there within \(limit): \(groups)\n  "
                            + process.lastErrors)
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchFailure("no socket for a free port") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw BenchFailure("no loopback port is free") }
        return UInt16(bigEndian: address.sin_port)
    }
}

extension Logger {
    /// Nothing is logged: the figures are what is told.
    static var none: Logger { Logger(label: "barid.bench") { _ in SwiftLogNoOpLogHandler() } }
}
