internal import BaridSchema
internal import BaridTracing
public import BaridTransport
internal import Foundation
public import GRPCCore
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// A plugin at work: receives its group's events, handles them, and serves its gRPC services, all over
/// one connection to the broker.
///
/// It reconnects for ever. On graceful shutdown it drains: takes nothing more, lets running handlers
/// and calls finish or gives their events back, waits until that is durable, says goodbye, and returns
/// within ``Configuration/drainLimit`` and a few seconds.
public final class Worker: Service {
    /// The settings of a worker.
    public struct Configuration: Sendable {
        /// Where the broker is; ``Settings/endpoint`` knows.
        public var endpoint: Endpoint
        /// Folder for what the plugin keeps.
        public var stateFolder: String
        /// Name of this process for people, in `status` and dead letters.
        ///
        /// The default is the plugin's name.
        public var name: String?
        /// Our keys, for a broker that asks for them; ``Settings/key`` knows.
        ///
        /// The default is nil.
        public var key: ClientKey?
        /// Values of the manifest's settings, by name; those left out have their default.
        public var settings: [String: String] = [:]
        /// How long running handlers and calls may finish when the worker drains.
        ///
        /// The default is 8 s: a supervisor gives a worker 10 s.
        public var drainLimit = Duration.seconds(8)
        /// Bytes of deliveries the worker has room for.
        ///
        /// The default is 16 MiB, the largest event there can be.
        public var creditBytes = 16 << 20

        /// Called whenever the worker has a session with its group, or with its services alone; on
        /// whatever thread learns of it.
        public var onReady: @Sendable () -> Void = {}

        /// Descriptors of the services, told to the broker; ``PluginWork/descriptors``.
        public var descriptors: [UInt8] = []

        /// Settings with every default.
        ///
        /// - Parameters:
        ///   - endpoint: Where the broker is.
        ///   - stateFolder: Folder for what the plugin keeps.
        public init(endpoint: Endpoint, stateFolder: String) {
            self.endpoint = endpoint
            self.stateFolder = stateFolder
        }
    }

    private let manifest: PluginManifest
    private let configuration: Configuration
    private let handlers: [HandlerBinding]
    private let services: [any RegistrableRPCService]
    private let logger: Logger
    private let drainBegan = Mutex<ContinuousClock.Instant?>(nil)

    /// Puts a worker together.
    ///
    /// - Parameters:
    ///   - manifest: The plugin's manifest.
    ///   - handlers: One for each event type it consumes.
    ///   - services: Implementations of the services it serves.
    ///   - configuration: Addresses and times.
    ///   - logger: Where it logs; events' lines carry their ids.
    /// - Throws: `RPCError` with code `.invalidArgument` if handlers and manifest do not fit.
    public init(
        manifest: PluginManifest, handlers: [any EventHandler],
        services: [any RegistrableRPCService] = [], configuration: Configuration, logger: Logger
    ) throws {
        self.manifest = manifest
        self.configuration = configuration
        self.handlers = handlers.map { HandlerBinding($0) }
        self.services = services
        self.logger = logger
        try check()
    }

    /// Works until graceful shutdown or cancellation; called once.
    ///
    /// - Throws: `RPCError` if the broker refuses this worker for good: for its protocol version, its
    ///   filter, its key or its rights.
    public func run() async throws {
        try PrivateFolder.make(configuration.stateFolder)
        let connection = try Connection(connectionConfiguration)
        let tracing = TracingInterceptor()
        let client = GRPCClient(
            transport: connection.clientTransport, interceptors: [tracing])
        let subscriber = makeSubscriber(connection: connection)
        let server =
            services.isEmpty
            ? nil
            : GRPCServer(
                transport: connection.serverTransport, services: services, interceptors: [tracing])
        logger.info("worker starts", metadata: ["broker": "\(configuration.endpoint)"])
        do {
            try await withGracefulShutdownHandler {
                try await self.run(connection, client, server, subscriber)
            } onGracefulShutdown: {
                self.drainBegan.withLock { $0 = .now }
                subscriber?.drain()
                self.logger.info("worker drains")
                server?.beginGracefulShutdown()
                if subscriber == nil { client.beginGracefulShutdown() }
            }
        } catch {
            await connection.close()
            throw error
        }
        logger.info("worker stopped")
    }

    private func run(
        _ connection: Connection, _ client: GRPCClient<Connection.Client>,
        _ server: GRPCServer<Connection.Server>?, _ subscriber: Subscriber?
    ) async throws {
        // A worker with a group is ready once it is subscribed.
        let onConnected: (@Sendable () -> Void)? = subscriber == nil ? configuration.onReady : nil
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.watch(connection, onConnected) }
            group.addTask { try await Self.unlessStopped { try await client.runConnections() } }
            if !configuration.descriptors.isEmpty {
                group.addTask { await self.describe(connection, client) }
            }
            if let server {
                group.addTask { try await Self.unlessStopped { try await server.serve() } }
            }
            if let subscriber {
                group.addTask {
                    try await subscriber.run()
                    // Drained: whatever else this connection does has ended or ends now.
                    server?.beginGracefulShutdown()
                    client.beginGracefulShutdown()
                    await connection.drain(within: self.drainTimeLeft)
                }
            } else {
                group.addTask {
                    try? await gracefulShutdown()
                    await connection.drain(within: self.configuration.drainLimit)
                }
            }
            do {
                // Unlike `waitForAll`, this ends at the first error.
                while try await group.next() != nil {}
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    /// How long calls may still go on once the events are done with.
    private var drainTimeLeft: Duration {
        let end = (drainBegan.withLock { $0 } ?? .now) + configuration.drainLimit
        return max(.seconds(2), ContinuousClock.now.duration(to: end))
    }

    /// Runs a client or server that may have been told to stop before it began.
    private static func unlessStopped(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as RuntimeError
            where error.code == .clientIsStopped || error.code == .serverIsStopped
        {}
    }

    /// Ends when the connection is closed.
    ///
    /// - Throws: `.failedPrecondition` when the broker refuses us for good, `.permissionDenied` when it
    ///   does not let us in.
    private static func watch(
        _ connection: Connection, _ onReady: (@Sendable () -> Void)?
    ) async throws {
        for await state in connection.states {
            switch state {
            case .refused(let reason):
                throw RPCError(
                    code: .failedPrecondition, message: "the broker refused us: \(reason)")
            case .forbidden(let reason):
                throw RPCError(code: .permissionDenied, message: reason)
            case .ready: onReady?()
            case .connecting, .lost, .closed: continue
            }
        }
    }

    /// Tells the broker the descriptors of our services, in every session anew.
    private func describe(
        _ connection: Connection, _ client: GRPCClient<Connection.Client>
    ) async {
        let registry = Barid_Reflection_V1_Registry.Client(wrapping: client)
        var options = CallOptions.defaults
        options.timeout = .seconds(10)
        for await state in connection.states {
            guard case .ready = state else { continue }
            do {
                _ = try await registry.register(
                    .with { $0.fileDescriptorSet = Data(configuration.descriptors) },
                    options: options)
            } catch {
                // Calls work without; only who has no stubs misses them.
                logger.warning(
                    "the broker did not take our descriptors", metadata: ["error": "\(error)"])
            }
        }
    }

    private var connectionConfiguration: Connection.Configuration {
        var registration = Registration(
            name: configuration.name ?? manifest.name, services: manifest.serves,
            concurrency: manifest.consumes?.concurrency ?? 8)
        registration.version = manifest.version
        registration.group = manifest.consumes?.group ?? ""
        registration.emits = manifest.emits
        registration.extra["pid"] = "\(getpid())"
        var connection = Connection.Configuration(
            endpoint: configuration.endpoint, registration: registration)
        connection.key = configuration.key
        connection.logger = logger
        connection.limits.maximumMessageBytes = TransportLimits.hardMaximumMessageBytes
        // Settlements and credit free memory at the broker; they never wait for credit of a stream.
        connection.creditExemptMethods = ["barid.bus.v1.EventBus/Subscribe"]
        return connection
    }

    func makeSubscriber(connection: Connection) -> Subscriber? {
        guard let consumes = manifest.consumes else { return nil }
        var subscription = Barid_Bus_V1_Subscription()
        subscription.topic = consumes.topic
        subscription.group = consumes.group
        subscription.types = consumes.types
        subscription.attributes = .init(consumes.attributes)
        subscription.start = .init(consumes.start)
        subscription.leaseMs = manifest.limits.lease.milliseconds32
        subscription.maximumDeliveries = UInt32(consumes.maximumDeliveries ?? 0)
        subscription.worker = configuration.name ?? manifest.name
        subscription.turns = true
        var settings = Dictionary(
            manifest.settings.map { ($0.name, $0.defaultValue) }
        ) { first, _ in first }
        settings.merge(configuration.settings) { _, given in given }
        return Subscriber(
            connection: connection,
            configuration: Subscriber.Configuration(
                subscription: subscription,
                ledger: DeliveryLedger.Configuration(
                    concurrency: consumes.concurrency,
                    credit: consumes.concurrency * consumes.prefetch,
                    creditBytes: configuration.creditBytes, deadline: manifest.limits.deadline),
                worker: manifest.name, emits: Set(manifest.emits),
                stateFolder: configuration.stateFolder, settings: settings,
                drainLimit: configuration.drainLimit, onStarted: configuration.onReady),
            handlers: handlers, logger: logger)
    }

    private func check() throws {
        var problems: [String] = []
        if let mismatch = manifest.protocolMismatch { problems.append("\(mismatch)") }
        let types = handlers.map(\.eventType)
        for type in manifest.consumes?.types ?? []
        where !type.contains(where: { "*>".contains($0) }) {
            if !types.contains(type) { problems.append("there is no handler for \(type)") }
        }
        if Set(types).count != types.count { problems.append("two handlers take the same type") }
        if manifest.consumes == nil && !handlers.isEmpty {
            problems.append("the manifest consumes nothing, but there are handlers")
        }
        if manifest.serves.isEmpty != services.isEmpty {
            problems.append("services of the manifest and of the worker do not fit")
        }
        for setting in manifest.settings {
            if let value = configuration.settings[setting.name], !setting.accepts(value) {
                problems.append(
                    "setting \(setting.name): \"\(value)\" is not a \(setting.kind.rawValue)")
            }
        }
        guard problems.isEmpty else {
            throw RPCError(code: .invalidArgument, message: problems.joined(separator: "\n"))
        }
    }
}
