import BaridTransport
import GRPCCore
import Logging
import TestSupport

/// Serves services on an ipc endpoint of their own and hands a connection to it to `body`.
func withBus<Result: Sendable>(
    _ services: [any RegistrableRPCService],
    _ body: (Connection) async throws -> Result
) async throws -> Result {
    let folder = try TestSupport.TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let endpoint = Endpoint.ipc(path: folder.file("b.ipc"))
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var serving = Listener.Configuration(endpoints: [endpoint])
    serving.logger = logger
    let listener = try Listener(serving)
    var calling = Connection.Configuration(endpoint: endpoint)
    calling.logger = logger
    let connection = try Connection(calling)
    try listener.start()
    // An error must not cut the server off: it would wait for its calls for ever.
    let result = try await withGRPCServer(
        transport: listener.serverTransport, services: services
    ) { _ in
        var result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(connection))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        return result
    }
    await listener.stop()
    return try result.get()
}
