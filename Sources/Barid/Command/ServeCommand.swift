internal import ArgumentParser
internal import Foundation
internal import GRPCCore
internal import Logging
internal import ServiceLifecycle

/// `serve`: works for a broker until SIGTERM or SIGINT.
struct ServeCommand<Work: Plugin>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "serve",
            abstract: "Work for a broker until SIGTERM or SIGINT (the default).",
            discussion: """
                On SIGTERM the worker takes nothing more, finishes or gives back what it holds, waits \
                until that is durable, and exits 0. It waits for a broker that is not there.
                """)
    }

    @Option(
        help: ArgumentHelp(
            "The broker's address.",
            discussion: "Else BARID_ENDPOINT, the settings file, your own broker.",
            valueName: "address"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "The folder of Barid's data.", discussion: "Else BARID_DATA, the settings file.",
            valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The key file, for a broker of another machine.",
            discussion: "Else BARID_KEY_FILE, the settings file. `barid keys new` writes one.",
            valueName: "file"))
    var key: String?

    @Flag(help: "Print every setting with its value and origin, and exit.")
    var printConfiguration = false

    @OptionGroup var options: PluginOptions

    func run() async throws {
        try await CommandFailure.told(PluginCommand<Work>.configuration.commandName ?? "") {
            let settings = try Settings(endpoint: endpoint, data: data, key: key)
            options.log.bootstrap(settings)
            let manifest = try options.manifest(of: Work.self)
            let values = try options.settings(
                of: manifest, file: settings.plugins[manifest.name] ?? [:],
                environment: ProcessInfo.processInfo.environment)
            guard !printConfiguration else {
                for line in settings.explanation {
                    print("\(line.name) = \(line.value) (\(line.origin))")
                }
                for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                    print("\(manifest.name).\(name) = \(value)")
                }
                return
            }
            try await serve(manifest, settings, values)
        }
    }

    private func serve(
        _ manifest: PluginManifest, _ settings: Settings, _ values: [String: String]
    ) async throws {
        let logger = Logger(label: manifest.command.first ?? manifest.name)
        try settings.beginTraces(as: manifest.command.first ?? manifest.name)
        let data = settings.dataFolder.value
        var configuration = Worker.Configuration(
            endpoint: settings.endpoint.value,
            stateFolder: "\(data)/plugins/\(manifest.name)")
        configuration.settings = values
        configuration.key = settings.key.value?.key
        try PrivateFolder.make(configuration.stateFolder)
        let work = try await Work.work(
            PluginSetup(
                dataFolder: data, stateFolder: configuration.stateFolder, settings: values,
                logger: logger))
        configuration.descriptors = work.descriptors
        let manager = ServiceNotifier()
        if let manager {
            configuration.onReady = { manager.tell(.ready, status: "\(manifest.name) is ready") }
        }
        let worker = try Worker(
            manifest: manifest, handlers: work.handlers, services: work.services,
            configuration: configuration, logger: logger)
        let limit = configuration.drainLimit + .seconds(5)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: Limited(service: worker, limit: limit, manager: manager),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        try await work.close()
    }
}

/// Ends the process if a service does not stop in time: a handler that never returns must not
/// keep a worker from its restart.
///
/// Its leases run out at the broker.
private struct Limited: Service {
    let service: Worker
    let limit: Duration
    /// The service manager that started us, if one did.
    let manager: ServiceNotifier?

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                // A sign of life means that tasks still get their turn.
                if let manager { group.addTask { await manager.keepTelling { true } } }
                try await service.run()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            manager?.tell(.stopping)
            let seconds = limit.inSeconds
            let watchdog = Thread {
                Thread.sleep(forTimeInterval: seconds)
                CommandFailure.tell("stopped after \(seconds) s with handlers still running")
                _exit(ExitCode.temporary.rawValue)
            }
            watchdog.start()
        }
    }
}
