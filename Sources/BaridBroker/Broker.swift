internal import BaridEngine
internal import BaridLog
public import BaridMetrics
internal import BaridSchema
internal import BaridTracing
public import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging
public import ServiceLifecycle
internal import Synchronization

/// A broker: the listener, the core on its thread, and the services over both.
///
/// Start and stop it by hand, or run it as a service, which drains on graceful shutdown. Two
/// brokers never share a data folder.
public final class Broker: Service {
    private let configuration: BrokerConfiguration
    /// Held until the broker has stopped.
    private let folder: Mutex<DataFolder?>
    private let core = CoreHandle()
    private let keys: KeyRing?
    private let listener: Listener
    private let server: GRPCServer<Listener.Server>
    private let serving = Mutex<Task<Void, any Error>?>(nil)
    private let recoveredCore: Mutex<CoreTransfer?>
    private let calls = CallCounts()
    private let audit: AuditTrail
    private let metrics = LateMetrics()

    /// The services the broker itself serves.
    static let localServices: Set<String> = [
        "barid.bus.v1.EventBus", "barid.admin.v1.Admin", "barid.reflection.v1.Registry",
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
    ]

    /// Opens the log of the data folder and recovers what it holds.
    ///
    /// - Parameter configuration: The settings.
    /// - Throws: `LogError` when the folder is in use, of a newer format or damaged, or cannot be
    ///   written; `RPCError` with code `.invalidArgument` when an endpoint is refused or a key's file
    ///   is damaged, `.permissionDenied` when others could read one.
    public convenience init(_ configuration: BrokerConfiguration) throws {
        switch configuration.durability {
        case .memory:
            try self.init(configuration, folder: nil, log: MemoryLog())
        case .fsync, .interval:
            let folder = try DataFolder(path: configuration.dataFolder)
            if let older = folder.upgradedFrom {
                configuration.logger.notice(
                    "the data folder is upgraded",
                    metadata: [
                        "folder": "\(folder.path)", "from-format": "\(older)",
                        "to-format": "\(DataFolder.format)",
                    ])
            }
            if let interval = configuration.durability.syncInterval {
                configuration.logger.warning(
                    "receipts are not power-safe: the log is fsynced some time after them",
                    metadata: ["interval-ms": "\(interval.milliseconds)"])
            }
            var settings = SegmentedLogSettings()
            settings.syncsCommits = configuration.durability == .fsync
            let log = try SegmentedLog(folder: folder.logPath, settings: settings)
            let recovery = log.recovery
            if recovery.droppedRecords > 0 || recovery.droppedBytes > 0 {
                configuration.logger.warning(
                    "the last commit was cut short by a crash and is dropped",
                    metadata: [
                        "records": "\(recovery.droppedRecords)",
                        "bytes": "\(recovery.droppedBytes)",
                    ])
            }
            try self.init(configuration, folder: folder, log: log)
        }
    }

    /// A broker on any log.
    init(
        _ configuration: BrokerConfiguration, folder: DataFolder?, log: any EventLog
    ) throws {
        guard configuration.core.problems.isEmpty else {
            throw RPCError(
                code: .invalidArgument,
                message: configuration.core.problems.joined(separator: "\n"))
        }
        self.configuration = configuration
        self.folder = Mutex(folder)
        let listenerBox = LateListener()
        let clock = SystemClock()
        let mailbox = core.mailbox
        let core = try Core(
            log: log, durability: configuration.durability, configuration: configuration.core,
            logger: configuration.logger, clock: clock.now,
            leasesChanged: { session, events in
                listenerBox.listener.withLock { $0 }?.setEvents(events, ofSession: session)
            },
            sendTogether: { send in
                guard let listener = listenerBox.listener.withLock({ $0 }) else { return send() }
                listener.sendTogether(send)
            }, commitEnded: { mailbox.post(.commitEnded) })
        let numbers = StreamNumbers()
        let audit = AuditTrail(logger: configuration.logger)
        self.audit = audit
        let needsKeys = configuration.endpoints.contains { endpoint in
            guard case .tcp = endpoint else { return false }
            return !(configuration.allowsLocalUsers && endpoint.isOnThisMachine)
        }
        keys =
            needsKeys
            ? try KeyRing(
                folder: KeyFolder(path: configuration.keyFolder), logger: configuration.logger)
            : nil
        var listening = Listener.Configuration(endpoints: configuration.endpoints)
        listening.brokerEpoch = core.engine.durable.epoch
        listening.limits.maximumMessageBytes = TransportLimits.hardMaximumMessageBytes
        listening.limits.streamWindowBytes = 1 << 20
        listening.logger = configuration.logger
        listening.keys = keys
        listening.allowsLocalUsers = configuration.allowsLocalUsers
        listening.audit = audit
        listening.peers = configuration.peers
        listening.calls = calls
        listening.rawHandlers = [
            "barid.bus.v1.EventBus/Publish": PublishHandler(
                mailbox: mailbox, numbers: numbers, audit: audit, clock: clock),
            "barid.bus.v1.EventBus/Subscribe": SubscribeHandler(
                mailbox: mailbox, numbers: numbers, audit: audit),
            "barid.bus.v1.EventBus/Read": ReadHandler(
                mailbox: mailbox, numbers: numbers, audit: audit),
        ]
        let listener = try Listener(listening)
        self.listener = listener
        listenerBox.listener.withLock { $0 = listener }
        let sessions: @Sendable () -> [SessionDescription] = { [weak listener] in
            listener?.sessions ?? []
        }
        let facts = BrokerFacts(
            version: configuration.version, started: Date(),
            dataFolder: configuration.durability == .memory ? "" : configuration.dataFolder,
            endpoints: { [weak listener] in listener?.endpoints.map(\.description) ?? [] },
            localServices: Self.localServices,
            metricsURL: { [metrics] in metrics.server.withLock { $0?.address.url } },
            security: { [weak listener, keys] in
                .with {
                    $0.endpoints = (listener?.endpoints ?? []).map { endpoint in
                        .with {
                            $0.address = endpoint.description
                            $0.needsKey = listener?.asksForKey(endpoint) ?? false
                            if case .tcp = endpoint { $0.anyLocalUser = !$0.needsKey }
                        }
                    }
                    $0.keysInUse = keys != nil
                    $0.keys = UInt32(clamping: keys?.count ?? 0)
                    $0.authenticating = listener?.isAuthenticating ?? false
                    let counts = audit.counts
                    $0.unlogged = counts.unlogged
                    for (kind, count) in counts.byKind { $0.refused[kind.rawValue] = count }
                }
            })
        let registry = DescriptorRegistry(sessions: sessions)
        server = GRPCServer(
            transport: listener.serverTransport,
            services: [
                AdminService(core: self.core, sessions: sessions, facts: facts),
                HealthService(
                    sessions: sessions, localServices: Self.localServices,
                    acceptance: core.acceptance),
                RegistryService(registry: registry),
                ReflectionService(
                    registry: registry, sessions: sessions, localServices: Self.localServices),
            ], interceptors: [TracingInterceptor()])
        recoveredCore = Mutex(CoreTransfer(core: core))
    }

    /// Where the broker listens; a TCP port 0 is replaced by the one the system chose.
    public var endpoints: [Endpoint] { listener.endpoints }

    /// The public key that clients have to pin; nil where no endpoint asks for keys.
    public var serverKey: PublicKey? { keys?.serverKey.publicKey }

    /// How many keys may connect.
    public var keyCount: Int { keys?.count ?? 0 }

    /// Starts the core's thread and listens.
    ///
    /// - Throws: `RPCError` with code `.alreadyExists` when another process holds the socket,
    ///   `.unavailable` when it cannot be bound, `.failedPrecondition` when called twice or when the
    ///   self-test of an endpoint with keys failed.
    public func start() throws {
        let taken = recoveredCore.withLock { held in
            defer { held = nil }
            return held
        }
        guard let taken else {
            throw RPCError(code: .failedPrecondition, message: "a broker starts once")
        }
        core.start(taken)
        do {
            let server = server
            serving.withLock { $0 = Task { try await server.serve() } }
            if let address = configuration.metrics {
                let server = try serveMetrics(at: address)
                metrics.server.withLock { $0 = server }
            }
            try listener.start()
        } catch {
            metrics.stop()
            core.stop()
            server.beginGracefulShutdown()
            throw error
        }
    }

    /// The figures of this moment, in Prometheus' text format (Protocols/8-observability §1).
    ///
    /// - Returns: `nil` when the broker has stopped.
    public func figures() async -> String? {
        guard
            let snapshot = try? await core.ask({ core, answer in answer(.success(core.snapshot)) })
        else { return nil }
        return BrokerMetrics(
            core: snapshot, calls: calls.counts, sessions: listener.sessions.count,
            refusals: audit.counts, version: configuration.version, process: ProcessFigures()
        ).text
    }

    /// Whether the core answers; it takes as long as the core does.
    public func isAlive() async -> Bool {
        let answer: Bool? = try? await core.ask { _, answer in answer(.success(true)) }
        return answer ?? false
    }

    /// Where figures are served; a port 0 is replaced by the one the system chose.
    public var metricsAddress: MetricsAddress? { metrics.server.withLock { $0?.address } }

    private func serveMetrics(at address: MetricsAddress) throws -> MetricsServer {
        do {
            return try MetricsServer(address) { [weak self] in await self?.figures() }
        } catch {
            throw RPCError(code: .unavailable, message: error.description)
        }
    }

    /// Drains and ends: what is leased may be settled within the limit, the log is sealed.
    ///
    /// - Throws: What ended the core, when something could not be made durable.
    public func stop() async throws {
        let limit = configuration.drainLimit
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [core] in
                try? await Task.sleep(for: limit)
                core.mailbox.post(.perform { $0.giveUpDraining() })
            }
            try? await core.ask { core, answer in core.drain { answer(.success(())) } }
            group.cancelAll()
        }
        metrics.stop()
        core.mailbox.post(.perform { $0.endStreams() })
        server.beginGracefulShutdown()
        await listener.drain(within: .seconds(1))
        core.stop()
        let task = serving.withLock { $0 }
        _ = await task?.result
        await listener.stop()
        defer { folder.withLock { $0 = nil } }
        try await core.ended()
    }

    /// Starts, and runs until graceful shutdown or until something cannot be made durable.
    ///
    /// - Throws: As ``start()`` and ``stop()``.
    public func run() async throws {
        try start()
        try await runStarted()
    }

    /// Waits, on a broker that was started, for graceful shutdown or the core's end.
    ///
    /// - Throws: What ended the core, when something could not be made durable.
    public func runStarted() async throws {
        let reason = await withTaskGroup(of: StopReason.self) { group in
            group.addTask { [core] in
                do {
                    try await core.ended()
                    return .ended
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                try? await gracefulShutdown()
                return .asked
            }
            let first = await group.next() ?? .ended
            group.cancelAll()
            return first
        }
        switch reason {
        case .asked, .ended:
            try await stop()
        case .failed(let error):
            // Nothing more may be promised: no draining, the process ends.
            metrics.stop()
            server.beginGracefulShutdown()
            await listener.stop()
            throw error
        }
    }

    private enum StopReason: Sendable {
        case asked
        case ended
        case failed(any Error)
    }

    /// Figures are served from the start to the stop.
    private final class LateMetrics: Sendable {
        let server = Mutex<MetricsServer?>(nil)

        func stop() {
            server.withLock { server in
                defer { server = nil }
                return server
            }?.stop()
        }
    }

    /// The listener does not exist yet when the core is made.
    private final class LateListener: Sendable {
        let listener = Mutex<Listener?>(nil)
    }
}
