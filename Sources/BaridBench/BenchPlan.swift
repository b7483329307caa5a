/// The whole benchmark: every scenario, and the main ones at the size of an article and over tcp.
package enum BenchPlan {
    /// What `all` means.
    ///
    /// - Parameter settings: Those of the main part.
    /// - Returns: The parts, in their order.
    package static func whole(_ settings: BenchSettings) -> [BenchSettings] {
        var articles = settings
        articles.payloadBytes = 4_323
        articles.scenarios = [.s1, .s2]
        var tcp = settings
        tcp.transport = .tcp
        tcp.scenarios = [.s1, .s2, .s3]
        var main = settings
        main.scenarios = Scenario.allCases.filter { $0 != .pipeline }
        var pipeline = settings
        pipeline.scenarios = [.pipeline]
        return [main, articles, tcp, pipeline]
    }

    /// Runs the parts, one after the other.
    ///
    /// - Parameters:
    ///   - parts: What to run; one at least.
    ///   - onProgress: Told what begins, in one line.
    ///   - onResult: Told the figures of each scenario once its runs are over.
    /// - Returns: All figures.
    /// - Throws: ``BenchFailure``, `RPCError`, `CancellationError`.
    package static func run(
        _ parts: [BenchSettings], onProgress: @escaping @Sendable (String) -> Void,
        onResult: @escaping @Sendable ([BenchReport.Line]) -> Void
    ) async throws -> BenchReport {
        var whole: BenchReport?
        for part in parts {
            let report = try await Bench(part, onProgress: onProgress, onResult: onResult).run()
            if whole == nil { whole = report } else { whole?.lines += report.lines }
        }
        guard let whole else { throw BenchFailure("there is nothing to run") }
        return whole
    }
}
