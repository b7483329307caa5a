import ArgumentParser
import Barid
import BaridTracing
import Foundation
import GRPCCore
import Logging

/// Where the broker is; shared by every command that talks to it.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's address, as ipc:///run/barid/broker.ipc.",
            discussion: "Else BARID_ENDPOINT, the settings file, your own broker.",
            valueName: "address"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "The key file, for a broker of another machine.",
            discussion: "Else BARID_KEY_FILE, the settings file. `barid keys new` writes one.",
            valueName: "file"))
    var key: String?

    /// Every setting, resolved.
    func settings() throws -> Settings { try Settings(endpoint: endpoint, key: key) }

    /// Connects, works, and says goodbye; Ctrl-C ends it.
    func connected<Result: Sendable>(
        as name: String, wait: Duration = BaridClient.defaultWait,
        _ work: @escaping @Sendable (BaridClient) async throws -> Result
    ) async throws -> Result {
        let settings = try settings()
        try settings.beginTraces(as: "barid")
        return try await interruptible {
            // Whoever started this command may have a trace of its own, as OpenTelemetry's tools do.
            try await CurrentTrace.$header.withValue(
                ProcessInfo.processInfo.environment["TRACEPARENT"]
            ) {
                try await BaridClient.with(
                    settings.endpoint.value, name: name, key: settings.key.value?.key, wait: wait,
                    logger: .quiet
                ) {
                    try await work($0)
                }
            }
        }
    }
}

/// Whether to print for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, one object a line, with the field names of Protocols/.")
    var json = false
}

extension Logger {
    /// For commands of a person: what goes wrong is an error message, not a log line.
    static var quiet: Logger {
        Logger(label: "barid") { _ in SwiftLogNoOpLogHandler() }
    }
}

extension CallOptions {
    /// Options with a deadline: none of the calls of a command may hang for ever.
    static func within(_ limit: Duration) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = limit
        return options
    }
}
