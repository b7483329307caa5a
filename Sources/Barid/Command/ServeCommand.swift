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
        let logger = Logger(label: manifest.programName)
        try settings.beginTraces(as: manifest.programName)
        let data = settings.dataFolder.value
        var configuration = Worker.Configuration(
            endpoint: settings.endpoint.value,
            stateFolder: "\(data)/plugins/\(manifest.name)")
        configuration.settings = values
        configuration.key = settings.key.value?.key
        try PrivateFolder.make(configuration.stateFolder)
        let setup = PluginSetup(
            dataFolder: data, stateFolder: configuration.stateFolder, settings: values,
            logger: logger)
        let serving = Serving<Work>(
            manifest: manifest, setup: setup, configuration: configuration,
            manager: ServiceNotifier())
        // Signals are taken before the plugin makes its work, which may be slow.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: serving, successTerminationBehavior: .gracefullyShutdownGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// A plugin's work, from its making to its end; told to stop before there is a worker, it starts none.
///
/// The process ends if that does not stop in time: a handler that never returns must not keep a
/// worker from its restart. Its leases run out at the broker.
private struct Serving<Work: Plugin>: Service, CustomStringConvertible {
    let manifest: PluginManifest
    let setup: PluginSetup
    let configuration: Worker.Configuration
    /// The service manager that started us, if one did.
    let manager: ServiceNotifier?

    /// The name that the group asks for; without one it would print every value in here.
    var description: String { manifest.name }

    func run() async throws {
        let seconds = (configuration.drainLimit + .seconds(5)).inSeconds
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                // A sign of life means that tasks still get their turn.
                if let manager { group.addTask { await manager.keepTelling { true } } }
                try await work()
                group.cancelAll()
            }
        } onGracefulShutdown: { [manager] in
            manager?.tell(.stopping)
            let watchdog = Thread {
                Thread.sleep(forTimeInterval: seconds)
                CommandFailure.tell("stopped after \(seconds) s with handlers still running")
                _exit(ExitCode.temporary.rawValue)
            }
            watchdog.start()
        }
    }

    private func work() async throws {
        let work = try await Work.work(setup)
        var configuration = configuration
        configuration.descriptors = work.descriptors
        if let manager {
            configuration.onReady = { [name = manifest.name] in
                manager.tell(.ready, status: "\(name) is ready")
            }
        }
        let worker = try Worker(
            manifest: manifest, handlers: work.handlers, services: work.services,
            configuration: configuration, logger: setup.logger)
        if !Task.isShuttingDownGracefully { try await worker.run() }
        try await work.close()
    }
}
