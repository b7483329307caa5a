public import Barid
public import BaridSchema
import Foundation
import GRPCCore
import SwiftProtobuf
import Synchronization

/// The broker over a client that comes and goes with it.
public final class ClientLink: BrokerLink {
    private let client = Mutex<BaridClient?>(nil)

    /// A link without a client yet.
    public init() {}

    /// Sets the client to ask from now on; nil means that there is no broker.
    public func use(_ client: BaridClient?) {
        self.client.withLock { $0 = client }
    }

    /// How the broker stands.
    ///
    /// - Returns: Its own words.
    /// - Throws: `RPCError` when the broker does not answer within a second.
    public func status() async throws -> Barid_Admin_V1_GetStatusResponse {
        try await admin().getStatus(
            Barid_Admin_V1_GetStatusRequest(), options: options(.seconds(1)))
    }

    /// Peers and groups at this moment.
    ///
    /// - Returns: All of them.
    /// - Throws: `RPCError` when the broker does not answer within a second.
    public func view() async throws -> BrokerView {
        let status = try await status()
        let sessions = status.sessions.map {
            BrokerSession(
                session: $0.session, name: $0.name,
                processIdentifier: Int32(clamping: $0.processID),
                duties: $0.groups.count + $0.services.count)
        }
        return BrokerView(
            sessions: sessions,
            outstanding: Dictionary(
                status.groups.map { ($0.group, $0.lag + $0.leased + $0.waiting) },
                uniquingKeysWith: max))
    }

    /// Makes sure that a group exists.
    ///
    /// - Parameter group: The group, with the filter it must have.
    /// - Throws: `RPCError` when it cannot be made, or has another filter.
    public func createGroup(_ group: PluginDescription.Group) async throws {
        let request = Barid_Admin_V1_CreateGroupRequest(group)
        _ = try await admin().createGroup(request, options: options(.seconds(10)))
    }

    /// Says how a worker's process ended.
    ///
    /// - Parameters:
    ///   - end: How it ended.
    ///   - worker: The worker's name.
    ///   - session: Session it had; empty when it had none.
    /// - Throws: `RPCError` when the broker does not answer within two seconds.
    public func report(_ end: ProcessEnd, worker: String, session: String) async throws {
        var request = Barid_Admin_V1_ReportWorkerExitRequest()
        request.exit.worker = worker
        request.exit.processID = UInt32(clamping: end.processIdentifier)
        request.exit.session = session
        if let code = end.exitCode { request.exit.exitCode = code }
        request.exit.signal = end.signal
        request.exit.lastLines = end.lastLines
        request.exit.time = Google_Protobuf_Timestamp(date: .now)
        _ = try await admin().reportWorkerExit(request, options: options(.seconds(2)))
    }

    private func admin() throws -> some Barid_Admin_V1_Admin.ClientProtocol {
        guard let client = client.withLock({ $0 }) else {
            throw RPCError(code: .unavailable, message: "there is no connection to the broker yet")
        }
        return client.admin
    }

    private func options(_ limit: Duration) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = limit
        return options
    }
}

extension Barid_Admin_V1_CreateGroupRequest {
    /// Asks for a plugin's group.
    ///
    /// - Parameter group: The group, with the filter it must have.
    public init(_ group: PluginDescription.Group) {
        self.init()
        subscription.topic = group.topic
        subscription.group = group.name
        subscription.types = group.types
        subscription.attributes = group.attributes.sorted { $0.key < $1.key }.map { name, values in
            .with {
                $0.name = name
                $0.values = values
            }
        }
        subscription.start = .init(group.start)
        subscription.leaseMs = UInt32(
            clamping: (group.lease ?? .zero).components.seconds * 1000)
        subscription.maximumDeliveries = UInt32(clamping: group.maximumDeliveries ?? 0)
    }
}

extension PluginDescription {
    /// What the supervisor needs of a manifest.
    ///
    /// - Parameter manifest: A valid manifest.
    public init(_ manifest: PluginManifest) {
        self.init(
            name: manifest.name, version: manifest.version, summary: manifest.summary,
            command: manifest.command)
        limits.memory = manifest.limits.memory
        limits.files = manifest.limits.files
        emits = manifest.emits
        serves = manifest.serves
        guard let consumes = manifest.consumes else { return }
        var group = Group(
            topic: consumes.topic, name: consumes.group, types: consumes.types,
            start: consumes.start, lease: manifest.limits.lease,
            maximumDeliveries: consumes.maximumDeliveries)
        group.attributes = consumes.attributes
        groups = [group]
    }

    /// Reads a manifest file.
    ///
    /// - Parameter path: Of a `plugin.yaml`.
    /// - Throws: `PluginManifestError` with everything that is wrong, also when the plugin and this
    ///   library speak different protocols, or why it cannot be read.
    public init(manifestFile path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let manifest = try PluginManifest(yaml: Array(data))
        if let mismatch = manifest.protocolMismatch { throw mismatch }
        self.init(manifest)
    }
}
