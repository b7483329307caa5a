import GRPCCore
import Testing

@testable import BaridTransport

/// A listener in a folder of its own, and what connects to it.
struct Broker: Sendable {
    let folder: TemporaryFolder
    let listener: Listener

    var endpoint: Endpoint { .ipc(path: "\(folder.path)/broker.ipc") }

    init(
        in folder: TemporaryFolder? = nil, epoch: UInt64 = 1,
        _ change: (inout Listener.Configuration) -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? TemporaryFolder()
        var configuration = Listener.Configuration(
            endpoints: [.ipc(path: "\(self.folder.path)/broker.ipc")])
        configuration.brokerEpoch = epoch
        configuration.logger = .silent
        // Other tests of this process fill its memory.
        configuration.peers.memoryStepBytes = 1 << 34
        change(&configuration)
        listener = try Listener(configuration)
        try listener.start()
    }

    /// Runs `body` with a client of the broker.
    func withClient<Result: Sendable>(
        limits: TransportLimits = TransportLimits(),
        _ body: @escaping @Sendable (TestClient, Connection) async throws -> Result
    ) async throws -> Result {
        let connection = try connect(to: listener, limits: limits, name: "client")
        defer { withExtendedLifetime(folder) {} }
        do {
            let result = try await withGRPCClient(transport: connection.clientTransport) {
                try await body(TestClient($0), connection)
            }
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Runs `body` while a worker serves the echo service.
    func withWorker<Result: Sendable>(
        _ label: String = "worker", concurrency: Int = 64, probe: Probe = Probe(),
        _ body: @escaping @Sendable (Connection) async throws -> Result
    ) async throws -> Result {
        let connection = try connect(
            to: listener, name: label, services: [EchoService.name], concurrency: concurrency)
        do {
            let service = EchoService(probe: probe, label: label)
            let result = try await withGRPCServer(
                transport: connection.serverTransport, services: [service]
            ) { _ in
                try await connection.waitUntilReady(within: .seconds(20))
                return try await body(connection)
            }
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension TestClient {
    /// Holds a call open while `body` runs.
    func holding<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let gate = AsyncStream<Void>.makeStream()
        return try await call("Hold") { _ in
            for await _ in gate.stream {}
        } receive: { response in
            var messages = response.messages.makeAsyncIterator()
            _ = try await messages.next()
            defer { gate.continuation.finish() }
            let result = try await body()
            return result
        }
    }

    /// The label of the worker a call reaches.
    func label() async throws -> String {
        String(decoding: try await messages("Label").flatMap { $0 }, as: UTF8.self)
    }
}
