internal import Barid
public import BaridTransport
internal import Foundation
internal import GRPCCore

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
        /// How the broker is started where nobody says otherwise.
        ///
        /// The default is nothing special.
        public var launch = BrokerLaunch()

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

    private init(_ configuration: Configuration, fleet: Fleet, socket: String) {
        self.configuration = configuration
        self.fleet = fleet
        self.socket = socket
    }

    /// Where the broker listens.
    public var endpoint: Endpoint { .ipc(path: socket) }

    /// The folder of the histories.
    public var historyFolder: String { "\(configuration.folder)/history" }

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
            try await body(Arena(configuration, fleet: fleet, socket: "\(run)/broker.ipc"))
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
            launch.prefix + [configuration.broker]
            + [
                "--data", configuration.dataFolder, "--endpoint", "ipc://\(socket)",
                "--log-format", "text",
            ] + launch.arguments
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
        return environment
    }

    /// Starts one of the hidden commands of `barid`.
    ///
    /// - Parameters:
    ///   - name: Its name in the fleet.
    ///   - arguments: The command and its options.
    /// - Throws: ``NeverHappened`` when there is no such program.
    func startActor(_ name: String, _ arguments: [String]) async throws {
        try await fleet.start(name, configuration.barid, arguments, environment: environment)
    }
}
