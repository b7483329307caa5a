internal import Barid
internal import BaridTransport
internal import Foundation
internal import Synchronization

/// The plugin under test, with a folder, a broker and processes of one check.
final class Subject: Sendable {
    let manifest: PluginManifest
    let samples: Samples
    let broker: ScriptedBroker
    /// Only the owner may enter; gone after the check.
    let folder: String
    /// In the environment of every process of this check, so that what it leaves behind is found.
    let mark = "barid-conformance-\(UInt64.random(in: 0...UInt64.max))"

    private let configuration: ConformanceKit.Configuration
    private let processes = Mutex<[WorkerProcess]>([])
    private let serving = Mutex<WorkerProcess?>(nil)

    init(_ configuration: ConformanceKit.Configuration) throws {
        self.configuration = configuration
        manifest = configuration.manifest
        samples = Samples(configuration.samples, manifest: configuration.manifest)
        // A socket's path must be short.
        folder = "/tmp/barid-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try PrivateFolder.make(folder)
        broker = ScriptedBroker(endpoint: .ipc(path: "\(folder)/b.ipc"))
    }

    /// How many deliveries it may hold.
    var room: Int { (manifest.consumes?.concurrency ?? 0) * (manifest.consumes?.prefetch ?? 0) }

    /// Starts the executable.
    ///
    /// - Parameters:
    ///   - arguments: The subcommand and what follows.
    ///   - input: Its standard input.
    ///   - endpoint: Another one than the scripted broker's.
    /// - Returns: The process.
    /// - Throws: ``CheckFailure`` when it cannot be started.
    func start(
        _ arguments: [String], input: String = "", endpoint: String? = nil
    ) throws -> WorkerProcess {
        try start(
            configuration.executable, configuration.arguments + arguments, input: input,
            endpoint: endpoint, serves: arguments.first == "serve")
    }

    /// Whether it can be started under a parent of its own.
    var hasParent: Bool { !configuration.parent.isEmpty }

    /// Starts the executable as a supervisor does, which is the process given back.
    func startUnderParent(_ arguments: [String]) throws -> WorkerProcess {
        let command =
            configuration.parent + ["--log", "\(folder)/child.log", "--"]
            + [configuration.executable] + configuration.arguments + arguments
        return try start(command[0], Array(command.dropFirst()), serves: true)
    }

    private func start(
        _ executable: String, _ arguments: [String], input: String = "", endpoint: String? = nil,
        serves: Bool
    ) throws -> WorkerProcess {
        let process = try WorkerProcess(
            executable, arguments,
            environment: [
                "BARID_ENDPOINT": endpoint ?? "\(broker.endpoint)",
                "BARID_DATA": "\(folder)/data", "HOME": folder, "BARID_CONFORMANCE": mark,
            ], folder: configuration.folder, output: "\(folder)/\(UUID().uuidString)",
            input: input)
        processes.withLock { $0.append(process) }
        if serves { serving.withLock { $0 = process } }
        return process
    }

    /// Waits for a fact for as long as the worker runs.
    ///
    /// - Throws: ``CheckFailure`` when it does not come true in time, or the worker ends before.
    @discardableResult
    func wait<Value>(
        for what: String, within limit: Duration = .seconds(15), _ fact: () throws -> Value?
    ) async throws -> Value {
        try await BaridConformance.wait(for: what, within: limit) {
            // Asked before the fact, so that what it did last still counts.
            let code = serving.withLock { $0 }?.exitCode
            if let value = try fact() { return value }
            if let code {
                throw CheckFailure("the worker ended with code \(code) before \(what)")
            }
            return nil
        }
    }

    /// Starts a worker and waits until it has subscribed.
    func subscribed(epoch: UInt64 = 1) async throws -> (WorkerProcess, SubscribeStream) {
        try await broker.start(epoch: epoch)
        let worker = try start(["serve"])
        let stream = try await wait(for: "a subscription", within: .seconds(20)) {
            broker.streams.last { $0.subscription != nil }
        }
        stream.start()
        return (worker, stream)
    }

    /// What the last process wrote last, for a failure's text.
    var lastWords: String {
        guard let error = processes.withLock({ $0.last })?.error, !error.isEmpty else { return "" }
        let lines = error.split(separator: "\n").suffix(3).map { "    | \($0.prefix(300))" }
        return "\n" + lines.joined(separator: "\n")
    }

    /// Processes of this check that still run, whoever started them.
    func leftovers() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { process in
            guard process != getpid(),
                let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ")
            else { return false }
            return environment.range(of: Data(mark.utf8)) != nil
        }
    }

    func close() async {
        for process in processes.withLock({ $0 }) { await process.finish() }
        for process in leftovers() { kill(process, SIGKILL) }
        await broker.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
