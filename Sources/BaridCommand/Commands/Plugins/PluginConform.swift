import ArgumentParser
import Barid
import BaridConformance
import BaridSupervisor
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid plugin conform`.
struct PluginConform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform",
        abstract: "Hold a plugin in any language to the contract, from outside.",
        discussion: """
            Starts the plugin against a broker of its own that refuses, restarts and hands out what no real \
            one would; nothing that runs is touched. Takes about a minute. Article events are known; for \
            others give CloudEvents in JSON, one a line, that the plugin can handle. Exits 0 when all \
            applicable checks pass, 65 when one fails.

            Examples:
              barid plugin conform Plugins/Summarizer
              barid plugin conform ./worker --samples events.jsonl --junit report.xml
              barid plugin conform . --only drain --only credit
            """)

    @Argument(
        help: ArgumentHelp(
            "The plugin's folder, or an executable that answers `describe`.", valueName: "path"),
        completion: .file())
    var path: String

    @Option(help: ArgumentHelp("Events the plugin can handle.", valueName: "file"))
    var samples: String?

    @Option(help: ArgumentHelp("Do this check only; may be given often.", valueName: "check"))
    var only: [String] = []

    @Option(help: ArgumentHelp("Write the results as JUnit XML.", valueName: "file"))
    var junit: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        let known = Set(ConformanceKit.checks.map(\.name))
        for name in only where !known.contains(name) {
            throw ValidationError(
                "there is no check '\(name)'; there are: \(ConformanceKit.checks.map(\.name).joined(separator: ", "))"
            )
        }
    }

    func run() async throws {
        // A worker that ends before it has read its input is its own failure, not ours.
        signal(SIGPIPE, SIG_IGN)
        var configuration = try await subject()
        configuration.samples = try samples.map { try Self.read($0) } ?? []
        configuration.only = Set(only)
        configuration.parent = [Executable.path, ConformParent.name]
        let console = Console.output
        let isJSON = output.json
        let report = try await ConformanceKit(configuration).run { result in
            guard !isJSON else { return }
            for line in ConformanceView(console: console).lines(result) { console.line(line) }
        }
        if isJSON {
            console.line(ConformanceView.json(report))
        } else {
            console.line(ConformanceView(console: console).score(report))
        }
        if let junit {
            do {
                try Data(ConformanceView.junit(report).utf8).write(
                    to: URL(fileURLWithPath: junit))
            } catch {
                throw CommandError(.badInput, "\(junit) cannot be written: \(error)")
            }
        }
        if report.failed > 0 { throw ExitCode.badInput }
    }

    /// What to start, by folder or executable.
    private func subject() async throws -> ConformanceKit.Configuration {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandError(.noInput, "there is neither a folder nor a program \(path)")
        }
        let executables = (Executable.path as NSString).deletingLastPathComponent
        guard isFolder.boolValue else { return try Self.described(path) }
        let manifest = try Self.manifest("\(path)/plugin.yaml")
        let folders = PluginFolders(folders: [], executables: executables) {
            try PluginDescription(manifestFile: $0)
        }
        switch folders.plugin(in: path).program {
        case .runnable(let executable, let arguments):
            return .init(
                manifest: manifest, executable: executable, arguments: arguments, folder: path)
        case .notBuilt(let executable, let command):
            throw CommandError(
                .noInput, "\(executable) is missing: build it with \(command)")
        case .invalid(let reason): throw CommandError(.badInput, reason)
        }
    }

    /// Most bytes of a manifest that `describe` may print.
    private static let maximumManifest = 1 << 20

    /// An executable alone: its manifest is what `describe` prints.
    private static func described(_ path: String) throws -> ConformanceKit.Configuration {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["describe"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw CommandError(
                .badInput, "\(path) cannot be started: \(error.localizedDescription)")
        }
        var output = ByteInput(descriptor: pipe.fileHandleForReading.fileDescriptor)
        let yaml = output.all(maximum: maximumManifest)
        if yaml == nil {
            // Whatever it started writes to nobody then, and ends too.
            try? pipe.fileHandleForReading.close()
            kill(process.processIdentifier, SIGKILL)
        }
        process.waitUntilExit()
        guard let yaml else {
            throw CommandError(
                .badInput,
                "`\(path) describe` printed more than \(Formats.bytes(UInt64(maximumManifest)))")
        }
        do {
            return .init(
                manifest: try PluginManifest(yaml: Array(yaml)), executable: path,
                folder: (path as NSString).deletingLastPathComponent)
        } catch {
            throw CommandError(
                .badInput, "`\(path) describe` printed no valid manifest:\n\(error)")
        }
    }

    private static func manifest(_ file: String) throws -> PluginManifest {
        guard let yaml = FileManager.default.contents(atPath: file) else {
            throw CommandError(.noInput, "there is no \(file)")
        }
        do {
            return try PluginManifest(yaml: Array(yaml))
        } catch {
            throw CommandError(.badInput, "\(file):\n\(error)")
        }
    }

    private static func read(_ file: String) throws -> [EventEnvelope] {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CommandError(.noInput, "\(file) cannot be read")
        }
        return try bytes.split(separator: 0x0a).enumerated().map { index, line in
            do {
                return try EventEnvelope(json: Array(line))
            } catch {
                throw CommandError(.badInput, "\(file):\(index + 1): \(error)")
            }
        }
    }
}
