internal import Barid
internal import BaridSupervisor
public import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A broker, publishers and workers as real processes, in a folder of their own.
///
/// Everything is started with the caller's environment, so that settings of a user apply, but for
/// the addresses and folders. Safe from any task; each process is handled by one task at a time.
public final class Arena: Sendable {
    /// Where things are, and how the broker is started.
    public struct Configuration: Sendable {
        /// A folder of the run's own; it exists and is private.
        public var folder: String
        /// The broker's data folder, where it is not in ``folder``.
        public var dataFolder: String
        /// Path of `barid-broker`.
        public var broker: String
        /// Path of `barid`, whose hidden commands are the publishers and workers.
        public var barid: String
        /// Folder of the executables of an earlier version, should there be some among the programs.
        ///
        /// The default is none.
        public var earlier: String?
        /// How the broker is started where nobody says otherwise.
        ///
        /// The default is nothing special.
        public var launch = BrokerLaunch()
        /// How publishers and workers reach the broker.
        ///
        /// The default is its Unix socket.
        public var access = ArenaAccess()

        /// Where things are.
        ///
        /// - Parameters:
        ///   - folder: A folder of the run's own.
        ///   - executables: The folder of `barid` and `barid-broker`.
        public init(folder: String, executables: String) {
            self.folder = folder
            dataFolder = "\(folder)/data"
            broker = "\(executables)/barid-broker"
            barid = "\(executables)/barid"
        }
    }

    /// The broker's name in the fleet.
    public static let broker = "broker"

    /// Where things are.
    public let configuration: Configuration
    /// The processes.
    public let fleet: Fleet
    /// Path of the socket.
    public let socket: String

    private let programs: Mutex<(broker: String, barid: String)>

    private init(_ configuration: Configuration, fleet: Fleet, socket: String) {
        self.configuration = configuration
        self.fleet = fleet
        self.socket = socket
        programs = Mutex((configuration.broker, configuration.barid))
    }

    /// Takes other programs from now on: who runs goes on with those it was started from.
    ///
    /// - Parameters:
    ///   - broker: Path of `barid-broker`; nil leaves it as it is.
    ///   - barid: Path of `barid`; nil leaves it as it is.
    public func use(broker: String? = nil, barid: String? = nil) {
        programs.withLock { programs in
            programs.broker = broker ?? programs.broker
            programs.barid = barid ?? programs.barid
        }
    }

    /// Whether who is started now is of an earlier version.
    var isEarlier: (broker: Bool, barid: Bool) {
        guard let folder = configuration.earlier else { return (false, false) }
        return programs.withLock {
            ($0.broker.hasPrefix("\(folder)/"), $0.barid.hasPrefix("\(folder)/"))
        }
    }

    /// Where the broker listens.
    public var endpoint: Endpoint { .ipc(path: socket) }

    /// The broker's keys, where they are in use.
    public var keys: KeyFolder { KeyFolder(path: "\(configuration.dataFolder)/keys") }

    /// The folder of the histories.
    public var historyFolder: String { "\(configuration.folder)/history" }

    /// The folder of what workers' work comes to.
    var effectFolder: String { "\(configuration.folder)/effects" }

    /// Works in an arena, and ends every process of it.
    ///
    /// - Parameters:
    ///   - configuration: Where things are.
    ///   - body: The work.
    /// - Returns: What the work returns.
    /// - Throws: `RPCError` when folders cannot be made, and what the work throws.
    public static func with<Result: Sendable>(
        _ configuration: Configuration, _ body: @Sendable (Arena) async throws -> Result
    ) async throws -> Result {
        for name in ["history", "logs"] {
            try PrivateFolder.make("\(configuration.folder)/\(name)")
        }
        // The path of a socket is short by law, that of a folder need not be.
        let run = "/tmp/barid-prove-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try PrivateFolder.make(run)
        defer { try? FileManager.default.removeItem(atPath: run) }
        return try await Fleet.with(folder: "\(configuration.folder)/logs") { fleet in
            let arena = Arena(configuration, fleet: fleet, socket: "\(run)/broker.ipc")
            try arena.makeKey()
            return try await body(arena)
        }
    }

    // MARK: The broker

    /// Starts the broker and waits until it serves.
    ///
    /// - Parameters:
    ///   - launch: How; nil is as the configuration says.
    ///   - limit: How long it may take.
    /// - Returns: How long it took from its start, recovery included.
    /// - Throws: ``NeverHappened`` with its last words when it ends instead, or takes longer.
    @discardableResult
    public func startBroker(
        _ launch: BrokerLaunch? = nil, within limit: Duration = .seconds(60)
    ) async throws -> Duration {
        let began = ContinuousClock.now
        try await launchBroker(launch)
        return try await waiting(for: "a broker that serves", within: limit) {
            if let end = fleet.end(of: Self.broker) {
                throw NeverHappened(
                    description: """
                        the broker did not start: it ended with \(end.status), saying: \
                        \(end.lastLines.joined(separator: " | "))
                        """)
            }
            return SocketProbe.accepts(socket) ? ContinuousClock.now - began : nil
        }
    }

    /// Starts the broker's process, and waits for nothing.
    ///
    /// - Parameter launch: How; nil is as the configuration says.
    /// - Throws: ``NeverHappened`` when there is no such program.
    public func launchBroker(_ launch: BrokerLaunch? = nil) async throws {
        let launch = launch ?? configuration.launch
        let command =
            launch.prefix + [programs.withLock { $0.broker }]
            + [
                "--data", configuration.dataFolder, "--endpoint", "ipc://\(socket)",
                "--log-format", "text",
            ] + configuration.access.brokerArguments + launch.arguments
        try await fleet.start(
            Self.broker, command[0], Array(command.dropFirst()),
            environment: environment.merging(launch.environment) { $1 })
    }

    /// Tells the broker to stop, and waits.
    ///
    /// - Parameter limit: How long its draining may take.
    /// - Returns: How it ended.
    /// - Throws: ``NeverHappened`` after the limit.
    @discardableResult
    public func stopBroker(within limit: Duration = .seconds(15)) async throws -> Fleet.End {
        fleet.signal(SIGTERM, Self.broker)
        return try await fleet.ended(Self.broker, within: limit)
    }

    // MARK: Actors

    /// The environment of every process.
    public var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["BARID_ENDPOINT"] = "ipc://\(socket)"
        environment["BARID_DATA"] = configuration.dataFolder
        // A key of the user's own is for another broker.
        environment["BARID_KEY_FILE"] = nil
        return environment
    }

    /// Starts one of the hidden commands of `barid`.
    ///
    /// - Parameters:
    ///   - name: Its name in the fleet.
    ///   - arguments: The command and its options.
    /// - Throws: ``NeverHappened`` when there is no such program.
    func startActor(_ name: String, _ arguments: [String]) async throws {
        let access = configuration.access
        var environment = environment
        if let endpoint = access.listen, access.usesKeys {
            environment["BARID_ENDPOINT"] = "\(endpoint)"
            environment["BARID_KEY_FILE"] = keyFile
        }
        let command = access.actorPrefix + [programs.withLock { $0.barid }] + arguments
        try await fleet.start(
            name, command[0], Array(command.dropFirst()), environment: environment)
    }

    /// The key of publishers and workers.
    private var keyFile: String {
        configuration.access.keyFile ?? "\(configuration.folder)/prover.key"
    }

    /// Makes a key for them, and lets it in, where none was given.
    private func makeKey() throws {
        guard configuration.access.usesKeys, configuration.access.keyFile == nil else { return }
        try PrivateFolder.make(configuration.dataFolder)
        let pair = try KeyPair()
        try keys.allow(
            KeyFolder.Entry(name: "prover", publicKey: pair.publicKey, rights: .all))
        let key = ClientKey(pair: pair, serverKey: try keys.serverKey().pair.publicKey)
        try KeyFile(name: "prover", endpoint: configuration.access.listen, key: key)
            .write(to: keyFile)
    }
}
