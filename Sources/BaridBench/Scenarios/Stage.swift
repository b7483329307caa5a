internal import Foundation

/// A broker and whoever works with it, for one run: all of it ends with the run.
actor Stage {
    let settings: BenchSettings
    nonisolated let broker: BenchBroker
    private var processes: [BenchProcess] = []

    private init(settings: BenchSettings, broker: BenchBroker) {
        self.settings = settings
        self.broker = broker
    }

    /// Runs `body` with a broker on an empty folder, and ends every process and removes the folder
    /// whatever comes of it.
    static func with<Result: Sendable>(
        _ settings: BenchSettings, _ body: @Sendable (Stage) async throws -> Result
    ) async throws -> Result {
        let folder = try ScratchFolder(in: settings.folder)
        defer { folder.remove() }
        return try await with(settings, folder, body)
    }

    /// The same on a folder that is there.
    static func with<Result: Sendable>(
        _ settings: BenchSettings, _ folder: ScratchFolder,
        _ body: @Sendable (Stage) async throws -> Result
    ) async throws -> Result {
        let stage = Stage(
            settings: settings,
            broker: try await BenchBroker(settings: settings, folder: folder))
        do {
            let result = try await body(stage)
            await stage.end()
            return result
        } catch {
            await stage.end()
            throw error
        }
    }

    /// Starts a process of the benchmark, and waits until it is ready.
    func start(_ name: String, _ change: (inout AgentOrder) -> Void) async throws -> BenchProcess {
        var order = AgentOrder(
            role: .publish, endpoint: broker.endpoint.description,
            payloadBytes: settings.payloadBytes)
        order.folder = "\(broker.dataFolder)/state"
        change(&order)
        let json = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
        let process = try await BenchProcess(
            name, program: "\(settings.programs)/barid", arguments: ["bench-agent", json])
        processes.append(process)
        guard try await Self.report(of: process).ready else {
            throw BenchFailure("\(name) does not say that it is ready")
        }
        return process
    }

    /// Starts workers of a group, one process each, and waits until they are subscribed.
    func startWorkers(
        _ count: Int, group: String, connections: Int = 1,
        _ change: (inout AgentOrder) -> Void = { _ in }
    ) async throws -> [BenchProcess] {
        var workers: [BenchProcess] = []
        for _ in 0..<count {
            let worker = try await start("worker") { order in
                order.role = .work
                order.group = group
                order.connections = connections
                change(&order)
            }
            workers.append(worker)
        }
        let expected = count * connections
        try await broker.wait { status in
            status.groups.contains { $0.group == group && Int($0.workers) == expected }
        }
        return workers
    }

    /// The next report of a process.
    static func report(of process: BenchProcess) async throws -> AgentReport {
        let line = try await process.nextLine()
        return try JSONDecoder().decode(AgentReport.self, from: Data(line.utf8))
    }

    private func end() async {
        for process in processes { await process.end() }
        await broker.process.end()
    }
}
