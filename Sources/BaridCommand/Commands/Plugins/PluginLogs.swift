import ArgumentParser
import Barid
import BaridSupervisor
import Foundation

/// `barid plugin logs`.
struct PluginLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what a plugin's worker wrote.",
        discussion: """
            Each line has the time, the process, where it came from (out, err, or --- for the supervisor) and the \
            text, with control and direction characters made visible.

            Examples:
              barid plugin logs parser
              barid plugin logs parser --follow --lines 100
            """)

    @Argument(help: "The plugin's name; `broker` for the broker.")
    var name: String

    @Flag(name: .shortAndLong, help: "Go on with what is written from now on, until Ctrl-C.")
    var follow = false

    @Option(name: .shortAndLong, help: "How many of the last lines to begin with.")
    var lines = 50

    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard (0...1_000_000).contains(lines) else {
            throw ValidationError("--lines is 0 to 1000000")
        }
    }

    func run() async throws {
        let folder = try broker.settings().stateFolder.value
        let path = "\(folder)/\(name).log"
        guard !name.contains("/"), let tail = FileTail(path: path) else {
            let logs = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let known = logs.filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }
            throw known.isEmpty
                ? CommandError(.noInput, "\(folder) holds no logs yet: `barid up` writes them")
                : CommandError.noPlugin(name, among: known)
        }
        for line in try tail.last(lines) { show(line) }
        guard follow else { return }
        try await interruptible {
            while true {
                for line in try tail.more() { show(line) }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func show(_ line: String) {
        Console.output.line(Console.output.words(line))
    }
}
