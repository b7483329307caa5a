public import Barid
import BaridSchema
import Logging

/// Serves a supervisor through the broker, as a worker like any other.
public enum SupervisorWorker {
    /// Serves until the task is cancelled, whenever there is a broker.
    ///
    /// - Parameters:
    ///   - supervisor: The supervisor.
    ///   - settings: Where the broker is.
    ///   - logger: Where lost and regained sessions are told.
    /// - Throws: `RPCError` if the broker refuses this worker for good.
    public static func run(
        _ supervisor: Supervisor, settings: Settings, logger: Logger
    ) async throws {
        let manifest = try PluginManifest(yaml: Array(Self.manifest.utf8))
        var configuration = Worker.Configuration(
            endpoint: settings.endpoint.value,
            stateFolder: "\(settings.stateFolder.value)/\(manifest.name)")
        configuration.key = settings.key.value?.key
        try await Worker(
            manifest: manifest, handlers: [], services: [SupervisorService(supervisor)],
            configuration: configuration, logger: logger
        ).run()
    }

    private static let manifest = """
        name: supervisor
        version: 0.1.0
        summary: Starts, watches and stops the processes of `barid up`.
        command: [barid, up]
        serves: [\(Barid_Supervisor_V1_Supervisor.descriptor.fullyQualifiedService)]
        """
}
