import ArgumentParser
import Barid
import BaridBroker
import BaridLog
import BaridMetrics
import BaridTransport
import Foundation
import GRPCCore
import Logging
import ServiceLifecycle
import ZeroMQ

/// `barid-broker`: the broker as a process.
@main
struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "barid-broker",
        abstract: "Keeps events durably and hands them to workers.",
        discussion: """
            Publishers and workers meet here. A receipt means that the event is written and \
            fsynced. SIGTERM and SIGINT stop the broker in good order.

            Examples:
              barid-broker
              barid-broker --data ./data --endpoint ipc:///tmp/barid/broker.ipc
              barid-broker --listen tcp://127.0.0.1:7450 --allow-local-users
              barid-broker --listen tcp://0.0.0.0:7450     other machines, with keys: barid keys --help
              barid-broker --retain acknowledged,age=30d --retain audit:all
              barid-broker --print-configuration

            Exit codes:
              0 stopped in good order   64 wrong usage    65 damaged log
              69 another broker runs    74 data could not be made durable
              77 refused
            """,
        version: "0.1.0")

    @Option(help: "Folder of log and index. The default is $XDG_DATA_HOME/barid.")
    var data: String?

    @Option(help: "Where to listen, such as ipc:///run/user/1000/barid/broker.ipc.")
    var endpoint: String?

    @Option(help: "Listen here as well; over TCP who connects needs a key (barid keys new).")
    var listen: [String] = []

    @Flag(help: "Let every user of this machine in at loopback TCP endpoints, without a key.")
    var allowLocalUsers = false

    @Option(
        help: ArgumentHelp(
            "How durable a receipt is: fsync, interval:MS or memory.",
            discussion: """
                fsync, the default: on the disk. interval:MS is not power-safe: fsynced so many \
                milliseconds later. memory is for tests: all is lost. Else BARID_DURABILITY, the \
                settings file.
                """))
    var durability: Durability?

    @Option(
        help: ArgumentHelp(
            "What is kept, for the broker or a topic; the default is everything.",
            discussion: """
                Rules with commas between: age=30d, bytes=50GiB (of the whole log), \
                events=1000000, acknowledged. Any one lets the oldest go. Else BARID_RETAIN, the \
                settings file.
                """, valueName: "[topic:]rules"))
    var retain: [String] = []

    @Option(
        help: ArgumentHelp(
            "Serve figures in Prometheus' format at http://ADDRESS:PORT/metrics.",
            discussion: """
                Whoever can connect can read them: an address that other machines reach is refused \
                unless it is written public:ADDRESS:PORT. Else BARID_METRICS, the settings file. The \
                default is not to.
                """, valueName: "address:port"))
    var metrics: String?

    @OptionGroup var log: LogOptions

    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Flag(help: "Print each setting and where it came from, and stop.")
    var printConfiguration = false

    func run() async throws {
        let settings: Settings
        var endpoints: [Endpoint]
        do {
            settings = try Settings(
                endpoint: endpoint, data: data, usesKey: false,
                durability: durability?.description, retain: retain, metrics: metrics)
            log.bootstrap(settings)
            endpoints = [settings.endpoint.value]
            for text in listen { endpoints.append(try Endpoint(text)) }
        } catch {
            throw Failure(error).report()
        }
        var core = CoreConfiguration()
        var peers = PeerLimits()
        let explained = try limits.apply(to: &core, &peers)
        guard !printConfiguration else {
            printSettings(settings, explained)
            return
        }
        var configuration = BrokerConfiguration(
            endpoints: endpoints, dataFolder: settings.dataFolder.value)
        configuration.core = core
        configuration.allowsLocalUsers = allowLocalUsers
        do {
            guard let durability = Durability(settings.durability.value) else {
                throw RPCError(
                    code: .invalidArgument,
                    message: "'\(settings.durability.value)' is no durability; there are fsync, "
                        + "interval:MS (1 to 60000) and memory (\(settings.durability.origin))")
            }
            configuration.durability = durability
            configuration.core.retention = try RetentionRules(settings.retain.value)
            configuration.metrics = try MetricsAddress(settings.metrics)
        } catch {
            throw Failure(error).report()
        }
        configuration.version = Self.configuration.version
        configuration.logger = Logger(label: "barid.broker")
        do {
            configuration.peers = peers.fitted(toDescriptors: try DescriptorLimit.raise())
            try settings.beginTraces(as: "barid-broker")
            try await run(configuration)
        } catch {
            throw Failure(error).report()
        }
    }

    private func run(_ configuration: BrokerConfiguration) async throws {
        for endpoint in configuration.endpoints {
            if case .ipc(let path) = endpoint {
                try PrivateFolder.make(
                    URL(fileURLWithPath: path).deletingLastPathComponent().path)
            }
        }
        if configuration.durability != .memory || configuration.endpoints.contains(where: \.isTCP) {
            try PrivateFolder.make(configuration.dataFolder)
        }
        let broker = try Broker(configuration)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: Running(broker: broker, configuration: configuration))],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: configuration.logger))
        try await group.run()
        configuration.logger.info("stopped")
    }

    private func printSettings(_ settings: Settings, _ limits: [LimitOptions.Explained]) {
        var lines = settings.explanation.map { "\($0.name)\t\($0.value)\t\($0.origin)" }
        lines.append(
            "listen\t\(listen.joined(separator: " "))\t\(listen.isEmpty ? "default" : "flag --listen")"
        )
        lines += limits.map { "\($0.name)\t\($0.value)\t\($0.origin)" }
        print(lines.joined(separator: "\n"))
    }
}

/// The broker as the service group runs it: once it says ready, signals stop it in good order.
private struct Running: Service, CustomStringConvertible {
    let broker: Broker
    let configuration: BrokerConfiguration

    /// The name that the group asks for; without one it would print every value in here.
    var description: String { "broker" }

    func run() async throws {
        try broker.start()
        // Not before: what a start needs for a moment only is given back as it is.
        ProcessMemory.returnLargePieces()
        let isInMemory = configuration.durability == .memory
        configuration.logger.info(
            "ready",
            metadata: [
                "endpoints": "\(broker.endpoints.map(\.description).joined(separator: " "))",
                "data": "\(isInMemory ? "memory" : configuration.dataFolder)",
                "durability": "\(configuration.durability)",
                "pid": "\(ProcessInfo.processInfo.processIdentifier)",
            ])
        if let metrics = broker.metricsAddress {
            configuration.logger.info("metrics are served", metadata: ["url": "\(metrics.url)"])
        }
        if let key = broker.serverKey {
            configuration.logger.info(
                "peers over TCP need a key",
                metadata: [
                    "server-key": "\(key)", "keys": "\(broker.keyCount)",
                    "folder": "\(configuration.keyFolder)",
                ])
        }
        guard let manager = ServiceNotifier() else { return try await broker.runStarted() }
        manager.tell(
            .ready,
            status: "ready at \(broker.endpoints.map(\.description).joined(separator: " "))")
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await manager.keepTelling { await broker.isAlive() } }
                try await broker.runStarted()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            manager.tell(.stopping)
        }
    }
}

extension MetricsAddress {
    /// The address of a setting; `nil` when it is empty.
    fileprivate init?(_ setting: Sourced<String>) throws {
        guard !setting.value.isEmpty else { return nil }
        do {
            try self.init(setting.value)
        } catch {
            throw RPCError(
                code: .invalidArgument, message: "\(error.description) (\(setting.origin))")
        }
    }
}

extension Endpoint {
    fileprivate var isTCP: Bool {
        if case .tcp = self { true } else { false }
    }
}

extension Durability: ExpressibleByArgument {}
