import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import GRPCProtobuf
import TestSupport
import Testing

@testable import BaridBroker

/// A broker in memory with a Unix socket and a loopback endpoint that asks for keys.
struct SecureBroker {
    let folder: TemporaryFolder
    let broker: Broker

    var tcp: Endpoint { broker.endpoints[1] }
    private var keys: KeyFolder { KeyFolder(path: folder.file("keys")) }

    init(_ change: (inout BrokerConfiguration) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        var configuration = BrokerConfiguration(
            endpoints: [
                .ipc(path: folder.file("run/broker.ipc")), .tcp(host: "127.0.0.1", port: 0),
            ], dataFolder: folder.path)
        configuration.durability = .memory
        configuration.drainLimit = .milliseconds(200)
        configuration.logger = RunningBroker.quiet
        change(&configuration)
        broker = try Broker(configuration)
        try broker.start()
    }

    /// Lets a key in.
    func key(_ name: String, _ rights: String) throws -> ClientKey {
        let pair = try KeyPair()
        try keys.allow(
            KeyFolder.Entry(name: name, publicKey: pair.publicKey, rights: try Rights(rights)))
        return ClientKey(pair: pair, serverKey: try keys.serverKey().pair.publicKey)
    }

    func revoke(_ name: String) throws { try keys.revoke(name) }

    /// Runs `body` with a client under a key, or a local one.
    func withClient<Result: Sendable>(
        _ key: ClientKey?, _ body: (GRPCClient<Connection.Client>) async throws -> Result
    ) async throws -> Result {
        let endpoint = key == nil ? broker.endpoints[0] : tcp
        return try await BaridBrokerTests.withClient(of: endpoint, key: key, body)
    }

    /// Publishes in one request and returns the receipts.
    func publish(
        _ events: [Barid_Bus_V1_Event], topic: String = "", key: ClientKey?
    ) async throws -> [Barid_Bus_V1_ReceiptRange] {
        try await withClient(key) { try await $0.publish(events, topic: topic) }
    }

    /// What the broker says of itself to a local peer.
    func status() async throws -> Barid_Admin_V1_GetStatusResponse {
        try await withClient(nil) { client in
            try await Barid_Admin_V1_Admin.Client(wrapping: client).getStatus(.init())
        }
    }
}
