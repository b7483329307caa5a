import BaridSchema
import BaridTransport
import GRPCCore

/// Runs `body` with a client on a connection of its own.
func withClient<Result: Sendable>(
    of endpoint: Endpoint, name: String = "test", key: ClientKey? = nil,
    _ body: (GRPCClient<Connection.Client>) async throws -> Result
) async throws -> Result {
    var configuration = Connection.Configuration(
        endpoint: endpoint, registration: Registration(name: name))
    configuration.limits.maximumMessageBytes = 4 << 20
    configuration.key = key
    configuration.logger = RunningBroker.quiet
    let connection = try Connection(configuration)
    do {
        let result = try await withGRPCClient(transport: connection.clientTransport) {
            try await body($0)
        }
        await connection.close()
        return result
    } catch {
        await connection.close()
        throw error
    }
}

extension GRPCClient<Connection.Client> {
    /// Publishes in one request and returns the receipts.
    func publish(
        _ events: [Barid_Bus_V1_Event], topic: String
    ) async throws -> [Barid_Bus_V1_ReceiptRange] {
        try await Barid_Bus_V1_EventBus.Client(wrapping: self).publish { writer in
            try await writer.write(
                .with {
                    $0.topic = topic
                    $0.events = try events.map { try $0.serializedBytes() }
                })
        } onResponse: { response in
            var receipts: [Barid_Bus_V1_ReceiptRange] = []
            for try await message in response.messages { receipts += message.receipts }
            return receipts
        }
    }
}
