public import BaridSchema
internal import BaridTracing
public import BaridTransport
internal import Foundation
public import GRPCCore
public import Logging

/// A connection to the broker, with stubs for what it and its workers serve.
///
/// Use ``with(_:name:key:wait:logger:_:)``, which opens and closes it around your work.
public final class BaridClient: Sendable {
    /// The client of any gRPC service the broker serves or forwards to:
    /// `Barid_Index_V1_Index.Client(wrapping: client.grpc)`.
    public let grpc: GRPCClient<Connection.Client>

    /// The connection beneath.
    public let connection: Connection

    /// Where the broker is.
    public let endpoint: Endpoint

    /// Publish, Subscribe and Read.
    public var eventBus: Barid_Bus_V1_EventBus.Client<Connection.Client> { .init(wrapping: grpc) }

    /// What an operator asks.
    public var admin: Barid_Admin_V1_Admin.Client<Connection.Client> { .init(wrapping: grpc) }

    /// Whether the broker serves.
    public var health: Grpc_Health_V1_Health.Client<Connection.Client> { .init(wrapping: grpc) }

    private init(connection: Connection, endpoint: Endpoint) {
        self.connection = connection
        self.endpoint = endpoint
        grpc = GRPCClient(
            transport: connection.clientTransport, interceptors: [TracingInterceptor()])
    }

    /// Connects, does some work with the client, and says goodbye.
    ///
    /// - Parameters:
    ///   - endpoint: Where the broker is; ``Settings/endpoint`` knows.
    ///   - name: What the broker calls this client in `status`.
    ///   - key: Our keys, for a broker that asks for them; ``Settings/key`` knows. The default is nil.
    ///   - wait: How long to wait for a broker. The default is 5 s; a socket file that does not exist
    ///     ends the wait at once unless `wait` is more.
    ///   - logger: Where lost and regained sessions are told. The default is `barid.client`.
    ///   - body: The work.
    /// - Returns: What the work returns.
    /// - Throws: `RPCError` with code `.unavailable`, saying how to start a broker, if there is none;
    ///   `.unauthenticated` or `.permissionDenied`, saying what is missing, if it does not let us in;
    ///   and what the work throws.
    public static func with<Result: Sendable>(
        _ endpoint: Endpoint, name: String, key: ClientKey? = nil, wait: Duration = defaultWait,
        logger: Logger = Logger(label: "barid.client"),
        _ body: (BaridClient) async throws -> Result
    ) async throws -> Result {
        if case .ipc(let path) = endpoint, wait <= defaultWait,
            !FileManager.default.fileExists(atPath: path)
        {
            throw RPCError.noBroker(at: endpoint)
        }
        var registration = Registration(name: name)
        registration.extra["pid"] = "\(getpid())"
        var configuration = Connection.Configuration(
            endpoint: endpoint, registration: registration)
        configuration.key = key
        configuration.logger = logger
        configuration.limits.maximumMessageBytes = TransportLimits.hardMaximumMessageBytes
        let connection = try Connection(configuration)
        let client = BaridClient(connection: connection, endpoint: endpoint)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.grpc.runConnections() }
            let result: Swift.Result<Result, any Error>
            do {
                try await client.waitUntilReady(within: wait)
                result = .success(try await body(client))
            } catch {
                result = .failure(error)
            }
            client.grpc.beginGracefulShutdown()
            await connection.drain(within: .seconds(1))
            group.cancelAll()
            return try result.get()
        }
    }

    /// How long a client waits for a broker: 5 s.
    public static let defaultWait = Duration.seconds(5)

    private func waitUntilReady(within limit: Duration) async throws {
        do {
            try await connection.waitUntilReady(within: limit)
        } catch let error as RPCError where error.code == .unavailable {
            throw RPCError.noBroker(at: endpoint, cause: error)
        }
    }
}

extension RPCError {
    /// Reason of the error that there is no broker.
    public static let noBrokerReason = "NO_BROKER"

    /// There is no broker at the endpoint, and how to start one.
    static func noBroker(at endpoint: Endpoint, cause: (any Error)? = nil) -> RPCError {
        RPCError(
            code: .unavailable,
            message: endpoint.isOnThisMachine
                ? "no broker at \(endpoint): start one with `barid up`"
                : "no broker at \(endpoint)",
            metadata: [reasonKey: .string(noBrokerReason)],
            cause: cause as? RPCError == nil ? cause : nil)
    }
}
