import ArgumentParser
import Barid
import BaridBench
import Foundation

/// `barid bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a broker of the benchmark's own: rates, latencies, memory, start.",
        discussion: """
            Starts a broker on a scratch folder, with producers and workers as processes of their own, and \
            touches nothing else. A receipt means fsynced. Scenarios: ceilings, s1, s1w1, s2, s2w4, s3, s4, \
            s5 (with s6), s7, s8, pipeline; "all" is each of them, and s1 and s2 again at 4,323 bytes and \
            over tcp. Medians of the runs, with [least..greatest]; a "!" marks figures of runs in which \
            others used more than 0.2 core: they do not count.

            Examples:
              barid bench all --json bench.json
              barid bench s1 s2 --payload 4323
              barid bench pipeline --news ar-ant.jsonl --runs 1
            """)

    @Argument(help: ArgumentHelp("What to run; the default is all.", valueName: "scenario"))
    var scenarios: [String] = ["all"]

    @Option(help: "Runs of each scenario.")
    var runs = 3

    @Option(help: ArgumentHelp("Bytes of an event's body.", valueName: "bytes"))
    var payload = 1_024

    @Option(help: "How the processes reach the broker: ipc or tcp.")
    var transport = "ipc"

    @Option(help: ArgumentHelp("Part of a full run's events, to try it out.", valueName: "part"))
    var scale = 1.0

    @Option(
        help: ArgumentHelp(
            "Where scratch folders go: the disk that is measured.", valueName: "folder"),
        completion: .directory)
    var folder = FileManager.default.temporaryDirectory.path

    @Option(
        help: ArgumentHelp(
            "JSON lines for the pipeline.",
            discussion: "Else news/ar-ant.jsonl of BARID_TEST_DATA, else the samples, repeated.",
            valueName: "file"), completion: .file())
    var news: String?

    @Option(
        help: ArgumentHelp(
            "Write the figures here as JSON; \"-\" is standard output.", valueName: "file"),
        completion: .file())
    var json: String?

    private var chosen: [Scenario] {
        scenarios == ["all"]
            ? Scenario.allCases : scenarios.compactMap { Scenario(rawValue: $0.lowercased()) }
    }

    func validate() throws {
        guard scenarios == ["all"] || chosen.count == scenarios.count else {
            let names = Scenario.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("Scenarios are all, \(names).")
        }
        guard (1...100).contains(runs) else { throw ValidationError("--runs is 1 to 100.") }
        guard (16...1_000_000).contains(payload) else {
            throw ValidationError("--payload is 16 to 1000000 bytes.")
        }
        guard BenchSettings.Transport(rawValue: transport) != nil else {
            throw ValidationError("--transport is ipc or tcp.")
        }
        guard (0.0001...100).contains(scale) else {
            throw ValidationError("--scale is 0.0001 to 100.")
        }
    }

    func run() async throws {
        var settings = BenchSettings(
            scenarios: chosen,
            programs: URL(fileURLWithPath: Executable.path).deletingLastPathComponent().path)
        settings.runs = runs
        settings.payloadBytes = payload
        settings.transport = .init(rawValue: transport) ?? .ipc
        settings.scale = scale
        settings.folder = folder
        settings.news = try newsFile()
        settings.samples = Samples.all.map { Array($0.content) }
        let parts = scenarios == ["all"] ? BenchPlan.whole(settings) : [settings]
        let printer = BenchPrinter(isQuiet: json == "-")
        do {
            let report = try await interruptible {
                try await BenchPlan.run(
                    parts, onProgress: printer.progress, onResult: printer.result)
            }
            printer.end(report)
            try write(report)
        } catch let error as BenchFailure {
            printer.clear()
            throw CommandError(.software, error.description)
        } catch {
            printer.clear()
            throw error
        }
    }

    private func newsFile() throws -> String? {
        if let news {
            guard FileManager.default.isReadableFile(atPath: news) else {
                throw CommandError(.noInput, "\(news): there is no such file")
            }
            return news
        }
        guard let data = ProcessInfo.processInfo.environment["BARID_TEST_DATA"] else { return nil }
        let file = "\(data)/news/ar-ant.jsonl"
        return FileManager.default.isReadableFile(atPath: file) ? file : nil
    }

    private func write(_ report: BenchReport) throws {
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(report)
        if json == "-" {
            Console.output.line(String(decoding: data, as: UTF8.self))
        } else {
            try data.write(to: URL(fileURLWithPath: json))
        }
    }
}

/// `barid bench-agent`: a process of a benchmark, started by `barid bench` alone.
struct BenchAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-agent", abstract: "A process of a benchmark.", shouldDisplay: false)

    @Argument var order: String

    func run() async throws { try await BenchAgent.run(order) }
}
