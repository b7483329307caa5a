import GRPCCore
import GRPCInProcessTransport
import Glibc
import Logging
import Synchronization
import Testing

@testable import BaridTransport

/// The ways from a client to the echo service that must behave alike.
enum Wire: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// GRPCCore's own transport: what it does is what the others are held to.
    case inProcess
    /// The service in the broker, over a Unix socket.
    case ipc
    /// The service in the broker, over TCP.
    case tcp
    /// The service as raw handlers in the broker, over a Unix socket.
    case raw
    /// The service in a worker, to which the broker forwards.
    case forwarded

    var testDescription: String { rawValue }

    static let ours: [Wire] = [.ipc, .tcp, .raw, .forwarded]
}

/// An empty folder of its own, gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/barid-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RPCError(code: .internalError, message: "mkdtemp failed: \(errno)")
        }
        path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    }

    deinit {
        for file in ["broker.ipc", "broker.ipc.lock"] { unlink("\(path)/\(file)") }
        rmdir(path)
    }
}

extension Logger {
    /// Says nothing: tests look at facts, not at logs.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Runs `body` against the echo service at the other end of a wire, and takes everything down.
func withEcho(
    over wire: Wire, limits: TransportLimits = TransportLimits(), probe: Probe = Probe(),
    _ body: @escaping @Sendable (TestClient, Probe) async throws -> Void
) async throws {
    let service = EchoService(probe: probe)
    switch wire {
    case .inProcess:
        let transport = InProcessTransport()
        try await withGRPCServer(transport: transport.server, services: [service]) { _ in
            try await withGRPCClient(transport: transport.client) { client in
                try await body(TestClient(client), probe)
            }
        }
    case .ipc, .tcp, .raw, .forwarded:
        let folder = try TemporaryFolder()
        var endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        if wire == .tcp { endpoint = .tcp(host: "127.0.0.1", port: 0) }
        var configuration = Listener.Configuration(endpoints: [endpoint])
        configuration.allowsLocalUsers = true
        configuration.limits = limits
        configuration.logger = .silent
        if wire == .raw { configuration.rawHandlers = RawEcho.handlers(probe) }
        let listener = try Listener(configuration)
        try listener.start()
        let connection = try connect(to: listener, limits: limits)
        let worker =
            wire == .forwarded
            ? try connect(to: listener, limits: limits, services: [EchoService.name]) : nil
        do {
            if let worker {
                try await withGRPCServer(
                    transport: worker.serverTransport, services: [service]
                ) { _ in
                    try await worker.waitUntilReady(within: .seconds(20))
                    try await withGRPCClient(transport: connection.clientTransport) { client in
                        try await body(TestClient(client), probe)
                    }
                }
            } else {
                try await withGRPCServer(
                    transport: listener.serverTransport,
                    services: wire == .raw ? [] : [service]
                ) { _ in
                    try await withGRPCClient(transport: connection.clientTransport) { client in
                        try await body(TestClient(client), probe)
                    }
                }
            }
        } catch {
            await connection.close()
            await worker?.close()
            await listener.stop()
            throw error
        }
        await connection.close()
        await worker?.close()
        await listener.stop()
        withExtendedLifetime(folder) {}
    }
}

/// A connection to a listener, not started yet.
func connect(
    to listener: Listener, limits: TransportLimits = TransportLimits(), name: String = "test",
    services: [String] = [], concurrency: Int = 64
) throws -> Connection {
    let endpoint = try #require(listener.endpoints.first)
    var configuration = Connection.Configuration(
        endpoint: endpoint,
        registration: Registration(name: name, services: services, concurrency: concurrency))
    configuration.limits = limits
    configuration.logger = .silent
    return try Connection(configuration)
}
