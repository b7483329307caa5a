import ArgumentParser
import BaridSupervisor
import Foundation

/// The supervisor of a worker that `barid plugin conform` kills, to see what is left of the worker.
struct ConformParent: AsyncParsableCommand {
    static let name = "conform-parent"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The supervisor of a conformance check.",
        shouldDisplay: false)

    @Option var log: String
    @Argument var command: [String]

    func run() async throws {
        let children = try ChildProcesses()
        children.start(
            ChildProcesses.Start(
                name: "worker", executable: command[0], arguments: Array(command.dropFirst()),
                environment: ProcessInfo.processInfo.environment,
                folder: FileManager.default.currentDirectoryPath, logFile: log))
        for await event in children.events {
            if case .ended = event { throw ExitCode.failure }
        }
    }
}
