import ArgumentParser
import Barid
import BaridSchema
import Foundation
import GRPCCore

/// `barid doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check this machine, the data folder and the broker.",
        discussion: """
            Each check is ok, a warning or a failure, with what to do. Exit code 69: no broker \
            answers; 1: a check fails; 0: all is well, warnings aside.

            Examples:
              barid doctor
              barid doctor --json | jq '.checks[] | select(.state != "ok")'
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    @Option(
        help: ArgumentHelp(
            "The data folder.", discussion: "Else the broker's own, or BARID_DATA.",
            valueName: "folder"))
    var data: String?

    func run() async throws {
        let settings = try Settings(endpoint: broker.endpoint, data: data)
        let status = await status()
        let folder =
            data == nil
            ? (status?.dataFolder.nonEmpty ?? settings.dataFolder.value)
            : settings.dataFolder.value
        var checks = [Check.libraries(), Check.broker(status, at: settings.endpoint.value)]
        if let status { checks += [Check.durability(status), Check.accepting(status)] }
        checks += Check.dataFolder(folder)
        checks += [
            Check.disk(folder, status), Check.syncLatency(folder), Check.openFiles(),
            Check.plugins(settings), Check.socket(settings.endpoint.value),
            Check.clock(status),
        ]
        if output.json {
            var text = JSONText()
            text.add("checks", json: "[\(checks.map(\.json).joined(separator: ","))]")
            Console.output.line(text.text)
        } else {
            for line in Check.lines(checks, on: .output) { Console.output.line(line) }
        }
        guard status != nil else { throw ExitCode.unavailable }
        guard !checks.contains(where: { $0.state == .fail }) else { throw ExitCode.failure }
    }

    private func status() async -> Barid_Admin_V1_GetStatusResponse? {
        try? await broker.connected(as: "barid doctor", wait: .seconds(2)) { client in
            try await client.admin.getStatus(
                Barid_Admin_V1_GetStatusRequest(), options: .within(.seconds(5)))
        }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
