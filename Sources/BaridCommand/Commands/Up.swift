import ArgumentParser
import Barid
import BaridMetrics
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid up`.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start broker and workers, and look after them until Ctrl-C.",
        discussion: """
            A worker that dies is started again; one that dies more than five times a minute is left alone \
            and shown as crash-loop. Plugins that come, change or go meanwhile are started, restarted and \
            stopped. What they write is in the state folder, a file each. If Barid is up already, this says \
            so and is content.

            Examples:
              barid up
              barid up --detach         come back when all is ready; `barid down` stops it
              barid up --data ./data
            """)

    @Flag(help: "Go to the background and return when everything is ready.")
    var detach = false

    @Option(help: ArgumentHelp("Folder of log and index.", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Have the broker listen here as well; over TCP who connects needs a key.",
            valueName: "address"))
    var listen: [String] = []

    @Flag(help: "Let every user of this machine in at loopback TCP addresses, without a key.")
    var allowLocalUsers = false

    @Option(
        help: ArgumentHelp(
            "Serve figures in Prometheus' format: the broker's there, the supervisor's on the next port.",
            discussion: """
                An address that other machines reach is refused unless it is written \
                public:ADDRESS:PORT. Else BARID_METRICS, the settings file. The default is not to.
                """, valueName: "address:port"))
    var metrics: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    /// Set by `--detach` for the process it starts.
    @Flag(name: .customLong("detached"), help: .private)
    var isDetached = false

    func run() async throws {
        let settings = try Settings(
            endpoint: broker.endpoint, data: data, key: broker.key, metrics: metrics)
        _ = try metricsAddress(settings)
        if let running = try await running(settings) {
            guard running.plugins == nil else { return try tell(running) }
            if !output.json {
                Console.error.line(
                    "A broker runs already (process \(running.broker.processID)); starting workers only."
                )
            }
            if detach { return try detached() }
            return try await supervise(settings, withBroker: false)
        }
        if detach { return try detached() }
        try await supervise(settings, withBroker: true)
    }

    // MARK: Already up

    private func running(_ settings: Settings) async throws -> StatusSnapshot? {
        if case .ipc(let path) = settings.endpoint.value, !SocketProbe.accepts(path) { return nil }
        return try? await BaridClient.with(
            settings.endpoint.value, name: "barid up", key: settings.key.value?.key,
            wait: .seconds(2), logger: .quiet
        ) { try await StatusSnapshot(from: $0) }
    }

    private func tell(_ running: StatusSnapshot) throws {
        guard !output.json else { return Console.output.line(try running.json()) }
        let process = running.plugins?.processID ?? 0
        let since = running.plugins.map { Formats.time($0.since) } ?? ""
        Console.output.line(
            "Barid is up: process \(process), data in \(Console.output.words(running.broker.dataFolder)), since \(since)."
        )
    }

    // MARK: In the background

    /// Starts the same command anew in a session of its own, and passes on what it says until it is
    /// ready, which it says.
    private func detached() throws {
        let executable = Executable.path
        var arguments = CommandLine.arguments.dropFirst().filter { $0 != "--detach" }
        arguments.append("--detached")
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CommandError(.software, "no pipe could be made") }
        let process = try DetachedProcess.start(executable, arguments, output: ends[1])
        close(ends[1])
        var input = ByteInput(descriptor: ends[0])
        while let line = input.line(maximum: 64 << 10) {
            guard line.content != Self.readiness else { return }
            Console.output.line(String(decoding: line.content, as: UTF8.self))
        }
        // It ends instead of getting ready, and has said why on standard error.
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        throw ExitCode(status & 0x7F == 0 ? (status >> 8) & 0xFF : 70)
    }

    /// The last line of a process that got ready: the end of its output alone could be its death.
    private static let readiness = Data([0])

    /// Lets go of the terminal: whoever started us gets the end of our output.
    private func letGo(_ settings: Settings) {
        let log = open(
            "\(settings.stateFolder.value)/supervisor.out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let nothing = open("/dev/null", O_WRONLY)
        Console.output.line(String(decoding: Self.readiness, as: UTF8.self))
        if log >= 0 { dup2(log, STDERR_FILENO) }
        if nothing >= 0 { dup2(nothing, STDOUT_FILENO) }
        for descriptor in [log, nothing] where descriptor > 2 { close(descriptor) }
    }

    // MARK: The supervisor

    private func supervise(_ settings: Settings, withBroker: Bool) async throws {
        signal(SIGPIPE, SIG_IGN)
        let endpoint = settings.endpoint.value
        let link = ClientLink()
        let executables = (Executable.path as NSString).deletingLastPathComponent
        let plugins = settings.pluginFolders
        var environment = ServiceNotifier.withoutManager(ProcessInfo.processInfo.environment)
        environment["BARID_ENDPOINT"] = "\(endpoint)"
        environment["BARID_DATA"] = settings.dataFolder.value
        environment["BARID_STATE"] = settings.stateFolder.value
        if let metrics { environment["BARID_METRICS"] = metrics }
        // Plugins run in folders of their own.
        if !settings.traces.value.isEmpty { environment["BARID_TRACES"] = settings.traces.value }
        if let key = settings.keyPath {
            environment["BARID_KEY_FILE"] = URL(fileURLWithPath: key).path
        }
        try PrivateFolder.make(settings.stateFolder.value)
        let command =
            ["\(executables)/barid-broker"] + listen.flatMap { ["--listen", $0] }
            + (allowLocalUsers ? ["--allow-local-users"] : [])
        var configuration = Supervisor.Configuration(
            broker: withBroker ? command : nil, plugins: plugins,
            environment: environment, logFolder: settings.stateFolder.value)
        configuration.userPlugins = settings.userPlugins
        configuration.metrics = try metricsAddress(settings)
        var logger = Logger(label: "barid.supervisor") { label in
            SupervisorLog(
                path: "\(settings.stateFolder.value)/supervisor.log", label: label,
                format: settings.logFormat.value ?? .json)
        }
        if let level = settings.logLevel.value { logger.logLevel = level }
        let supervisor = try Supervisor(configuration, link: link, logger: logger)
        let stop = StopSignals()

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in stop.signals { break }
                await supervisor.stop()
            }
            // A client that waits for the broker, however long it reads its log.
            group.addTask {
                try? await BaridClient.with(
                    endpoint, name: "barid up", key: settings.key.value?.key,
                    wait: .seconds(7 * 86_400), logger: .quiet
                ) { client in
                    link.use(client)
                    try await Task.sleep(for: .seconds(1_000_000_000))
                }
            }
            group.addTask {
                try? await SupervisorWorker.run(
                    supervisor, settings: settings, logger: .quiet)
            }
            async let running: Void = supervisor.run()
            do {
                _ = try await supervisor.startAll()
                if await !supervisor.isStopping { try await announce(supervisor, link, settings) }
            } catch let error as Supervisor.BrokerFailed {
                await supervisor.stop()
                await running
                group.cancelAll()
                throw CommandError(.unavailable, error.description)
            } catch let error as MetricsServer.Failure {
                await supervisor.stop()
                await running
                group.cancelAll()
                throw CommandError(.unavailable, error.description)
            } catch {
                await supervisor.stop()
                await running
                group.cancelAll()
                throw error
            }
            await running
            group.cancelAll()
        }
        if !output.json, !isDetached { Console.output.line("Stopped.") }
    }

    /// Where the supervisor's figures are served: next to the broker's.
    private func metricsAddress(_ settings: Settings) throws -> MetricsAddress? {
        guard !settings.metrics.value.isEmpty else { return nil }
        do {
            let address = try MetricsAddress(settings.metrics.value)
            guard let next = address.next else {
                throw CommandError(
                    .badInput, "\(address): there is no next port for the supervisor's metrics")
            }
            return next
        } catch let error as MetricsAddress.Refused {
            throw CommandError(.badInput, "\(error.description) (\(settings.metrics.origin))")
        }
    }

    private func announce(
        _ supervisor: Supervisor, _ link: ClientLink, _ settings: Settings
    )
        async throws
    {
        let status = try await registered(link)
        let snapshot = StatusSnapshot(broker: status, plugins: await supervisor.response())
        if output.json {
            Console.output.line(try snapshot.json())
        } else {
            for line in snapshot.workerLines(on: .output) { Console.output.line(line) }
            Console.output.line("")
            Console.output.line(
                "Data in \(Console.output.words(settings.dataFolder.value)), logs in \(Console.output.words(settings.stateFolder.value)). "
                    + (isDetached ? "`barid down` stops it." : "Ctrl-C stops it."))
        }
        if isDetached { letGo(settings) }
    }

    /// Waits until the broker knows this supervisor: whoever reads that all is up may ask for it.
    private func registered(_ link: ClientLink) async throws -> Barid_Admin_V1_GetStatusResponse {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let status = try await link.status()
            let isKnown = status.sessions.contains {
                $0.services.contains(
                    Barid_Supervisor_V1_Supervisor.descriptor.fullyQualifiedService)
            }
            // Without it everything else works: it is no reason not to be up.
            if isKnown || ContinuousClock.now >= end { return status }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// The running executable.
enum Executable {
    /// Its path, links resolved: what belongs together lies beside it.
    static let path: String = {
        #if os(Linux)
            let own = "/proc/self/exe"
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: own) {
                return path
            }
        #endif
        return Bundle.main.executablePath ?? CommandLine.arguments.first ?? "barid"
    }()
}
