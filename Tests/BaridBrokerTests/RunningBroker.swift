import BaridLog
import BaridMetrics
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import GRPCProtobuf
import Logging
import TestSupport
import Testing

@testable import BaridBroker

/// A real broker on an ipc socket in a folder of its own, and connections to it.
struct RunningBroker {
    let folder: TemporaryFolder
    let broker: Broker
    let endpoint: Endpoint

    static var quiet: Logger {
        Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    }

    /// Starts a broker on the folder's data, new or not.
    init(
        in folder: TemporaryFolder, durability: Durability = .fsync,
        core: CoreConfiguration = CoreConfiguration(), log: (any EventLog)? = nil,
        metrics: MetricsAddress? = nil
    ) throws {
        self.folder = folder
        endpoint = .ipc(path: folder.file("run/broker.ipc"))
        var configuration = BrokerConfiguration(
            endpoints: [endpoint], dataFolder: folder.file("data"))
        configuration.durability = durability
        configuration.core = core
        configuration.drainLimit = .milliseconds(200)
        configuration.logger = Self.quiet
        configuration.metrics = metrics
        if let log {
            broker = try Broker(configuration, folder: nil, log: log)
        } else {
            broker = try Broker(configuration)
        }
        try broker.start()
    }

    /// Runs `body` with a client on a connection of its own.
    func withClient<Result: Sendable>(
        name: String = "test", _ body: (GRPCClient<Connection.Client>) async throws -> Result
    ) async throws -> Result {
        try await BaridBrokerTests.withClient(of: endpoint, name: name, body)
    }

    /// Publishes in one request and returns the receipts.
    func publish(
        _ events: [Barid_Bus_V1_Event], topic: String = ""
    ) async throws -> [Barid_Bus_V1_ReceiptRange] {
        try await withClient { try await $0.publish(events, topic: topic) }
    }

    /// Subscribes, gives credit, and lets `body` see each response and answer it.
    func subscribe(
        group: String = "work", credit: UInt32 = 100, leaseMilliseconds: UInt32 = 0,
        worker: String = "worker",
        _ body:
            @escaping @Sendable (
                Barid_Bus_V1_SubscribeResponse, (Barid_Bus_V1_SubscribeRequest) -> Void
            ) throws -> Bool
    ) async throws {
        let (requests, continuation) = AsyncStream.makeStream(
            of: Barid_Bus_V1_SubscribeRequest.self)
        continuation.yield(
            .with {
                $0.subscription = .with {
                    $0.group = group
                    $0.leaseMs = leaseMilliseconds
                    $0.worker = worker
                }
                $0.credit = credit
                $0.creditBytes = 1 << 24
            })
        try await withClient(name: worker) { client in
            let bus = Barid_Bus_V1_EventBus.Client(wrapping: client)
            try await bus.subscribe { writer in
                for await request in requests { try await writer.write(request) }
            } onResponse: { response in
                for try await message in response.messages {
                    if try !body(message, { continuation.yield($0) }) { continuation.finish() }
                }
                continuation.finish()
            }
        }
    }
}
