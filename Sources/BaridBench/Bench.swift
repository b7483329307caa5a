internal import Foundation

/// Runs scenarios, one after the other.
struct Bench: Sendable {
    private let settings: BenchSettings
    private let onProgress: @Sendable (String) -> Void
    private let onResult: @Sendable ([BenchReport.Line]) -> Void

    /// - Parameters:
    ///   - settings: What to run.
    ///   - onProgress: Told what begins, in one line.
    ///   - onResult: Told the figures of each scenario once its runs are over.
    init(
        _ settings: BenchSettings, onProgress: @escaping @Sendable (String) -> Void,
        onResult: @escaping @Sendable ([BenchReport.Line]) -> Void
    ) {
        self.settings = settings
        self.onProgress = onProgress
        self.onResult = onResult
    }

    /// One thing to run, under its name.
    private struct Item: Sendable {
        var title: String
        var run: @Sendable () async throws -> RunResult
    }

    /// Runs everything.
    ///
    /// Cancelled, it ends every process it started and removes every file.
    ///
    /// - Returns: The figures.
    /// - Throws: ``BenchFailure``, `RPCError`, `CancellationError`.
    func run() async throws -> BenchReport {
        var report = BenchReport(machine: Machine(folder: settings.folder), runs: settings.runs)
        for scenario in settings.scenarios {
            for item in items(scenario) {
                var results: [RunResult] = []
                for run in 1...settings.runs {
                    try Task.checkCancellation()
                    onProgress("\(item.title), run \(run) of \(settings.runs)")
                    results.append(try await item.run())
                }
                let lines = lines(item.title, results)
                report.lines += lines
                onResult(lines)
            }
        }
        return report
    }

    private func lines(_ title: String, _ results: [RunResult]) -> [BenchReport.Line] {
        let other = results.compactMap(\.otherLoad).max()
        return (results.first?.figures ?? []).map { figure in
            let spread = Spread(
                results.compactMap { result in
                    result.figures.first { $0.name == figure.name }?.value
                })
            return BenchReport.Line(
                scenario: title, transport: settings.transport.rawValue,
                payloadBytes: settings.payloadBytes, figure: figure.name, unit: figure.unit,
                spread: spread, target: figure.target,
                meetsTarget: figure.target.map { $0.isMet(by: spread.median) }, otherLoad: other,
                isDisturbed: other.map { $0 > maximumOtherLoad } ?? false)
        }
    }

    private func items(_ scenario: Scenario) -> [Item] {
        let scenarios = Scenarios(settings: settings)
        // An article is four times as large: a quarter of the events takes as long.
        let count = settings.payloadBytes > 2_048 ? 100_000 : 400_000
        switch scenario {
        case .ceilings:
            return [Item(title: "ceilings") { try await Ceilings(settings: settings).run() }]
        case .s1:
            return [
                Item(title: "S1 publish, 2,048 in flight") {
                    try await scenarios.publish(
                        window: 2_048, count: count, target: .atLeast(250_000))
                }
            ]
        case .s1w1:
            return [
                Item(title: "S1w1 publish, one in flight") {
                    try await scenarios.publish(window: 1, count: 6_000, target: .atLeast(3_200))
                }
            ]
        case .s2:
            return [
                Item(title: "S2 publish to ack, 1 worker") {
                    try await scenarios.throughput(
                        count: count, target: .atLeast(150_000), articleTarget: .atLeast(60_000),
                        brokerTarget: 0.5)
                }
            ]
        case .s2w4:
            return [
                Item(title: "S2 publish to ack, 4 workers") {
                    try await scenarios.throughput(
                        workers: 4, count: count, target: .atLeast(150_000), brokerTarget: 0.5)
                }
            ]
        case .s3:
            return [
                Item(title: "S3 latency at 500/s") {
                    try await scenarios.latency(rate: 500, count: 2_500, p50: 420, p99: 1_500)
                },
                Item(title: "S3 latency at 5,000/s") {
                    try await scenarios.latency(rate: 5_000, count: 20_000, p50: 450, p99: 1_500)
                },
            ]
        case .s4:
            return [
                Item(title: "S4 to each of 4 groups") {
                    try await scenarios.throughput(
                        groups: 4, count: count / 2, target: .atLeast(75_000))
                }
            ]
        case .s5:
            return [
                Item(title: "S5, S6 backlog of 1 M, restart, drain") {
                    try await scenarios.backlog()
                }
            ]
        case .s7:
            return [
                Item(title: "S7 256 producers, 64 workers") {
                    try await scenarios.throughput(
                        workers: 4, connections: 16, publishers: 256, window: 64, count: count / 2,
                        target: nil)
                }
            ]
        case .s8:
            return [
                Item(title: "S8 calls, one at a time") {
                    try await scenarios.calls(atOnce: 1, count: 4_000)
                },
                Item(title: "S8 calls, 64 at a time") {
                    try await scenarios.calls(atOnce: 64, count: 40_000)
                },
            ]
        case .pipeline:
            return [Item(title: "pipeline") { try await Pipeline(settings: settings).run() }]
        }
    }
}
