internal import Barid
internal import BaridArticles
internal import BaridSchema
internal import Foundation
internal import Logging

/// The whole of it: articles through the four workers until each is indexed.
struct Pipeline: Sendable {
    let settings: BenchSettings
    private static let workers = ["parser", "entity-tagger", "moderator", "indexer"]
    /// How many articles are made of the samples when there is no file of news.
    private static let sampleCount = 400

    func run() async throws -> RunResult {
        let articles = try self.articles()
        return try await Stage.with(settings) { stage in
            var processes = [stage.broker.process]
            do {
                for name in Self.workers {
                    processes.append(
                        try await BenchProcess(
                            name, program: "\(settings.programs)/barid-\(name)",
                            arguments: [
                                "serve", "--endpoint", stage.broker.endpoint.description,
                                "--data", stage.broker.dataFolder,
                            ], environment: ["BARID_STATE": "\(stage.broker.dataFolder)/state"]))
                }
                try await stage.broker.wait { status in
                    Self.workers.allSatisfy { name in
                        status.groups.contains { $0.group == name && $0.workers > 0 }
                    }
                }
                let result = try await measure(articles, stage, processes)
                await end(processes.dropFirst())
                return result
            } catch {
                await end(processes.dropFirst())
                throw error
            }
        }
    }

    private func end(_ processes: some Sequence<BenchProcess>) async {
        for process in processes { await process.end() }
    }

    private func measure(
        _ articles: [ArticleSubmitted], _ stage: Stage, _ processes: [BenchProcess]
    ) async throws -> RunResult {
        let interval = Interval(processes)
        let start = MonotonicTime.now
        try await publish(articles, stage)
        let waits = try await follow(stage)
        let end = MonotonicTime.now
        let (usages, other) = interval.end()
        let seconds = MonotonicTime.seconds(start, end)
        var result = RunResult(otherLoad: other)
        result.add("articles", Double(articles.count) / seconds, "/s")
        let total = usages.filter { $0.name != "bench" }.reduce(0) { $0 + $1.cpuSeconds }
        for usage in usages {
            result.add("\(usage.name) CPU", usage.cpuSeconds, "s")
            if usage.name == "broker", total > 0 {
                result.add(
                    "bus, of all CPU", usage.cpuSeconds / total * 100, "%", .atMost(5))
            }
        }
        for (group, average) in waits.sorted(by: { $0.value > $1.value }) {
            result.add("waiting for \(group), average", average, "events")
        }
        return result
    }

    private func publish(
        _ articles: [ArticleSubmitted], _ stage: Stage
    ) async throws {
        try await BaridClient.with(stage.broker.endpoint, name: "bench", logger: .none) { client in
            try await client.withPublisher { publisher in
                for (index, article) in articles.enumerated() {
                    let identity = ArticleIdentity(of: article, explicit: "bench-\(index)")
                    var event = EventEnvelope(
                        id: identity.eventID, source: "/barid/bench",
                        type: ArticleEventType.submitted)
                    event.subject = identity.articleID
                    try event.setData(article)
                    _ = try await publisher.submit(event)
                }
            }
        }
    }

    /// Waits until nothing waits anywhere; an ack and what it emits are one record, so one look does.
    ///
    /// - Returns: How many events waited for each group, on average over time.
    private func follow(_ stage: Stage) async throws -> [String: Double] {
        try await BaridClient.with(stage.broker.endpoint, name: "bench", logger: .none) { client in
            var sums: [String: Double] = [:]
            var time = 0.0
            let start = ContinuousClock.now
            let limit = start + .seconds(600)
            while true {
                let status = try await client.admin.getStatus(.init())
                // Often enough for an average and the end; looking is work for the broker.
                let elapsed = start.duration(to: .now)
                let pause = min(max(elapsed / 100, .milliseconds(100)), .milliseconds(500))
                let weight = pause / .seconds(1)
                time += weight
                for group in status.groups {
                    sums[group.group, default: 0] += Double(group.lag) * weight
                }
                if let dead = status.groups.first(where: { $0.deadLetters > 0 }) {
                    throw BenchFailure("\(dead.deadLetters) dead letters of \(dead.group)")
                }
                if status.groups.allSatisfy({ $0.lag == 0 }) { break }
                guard ContinuousClock.now < limit else {
                    throw BenchFailure("the pipeline did not end within 10 minutes")
                }
                try await Task.sleep(for: pause)
            }
            return sums.mapValues { $0 / time }
        }
    }

    private func articles() throws -> [ArticleSubmitted] {
        guard let news = settings.news else {
            guard !settings.samples.isEmpty else { throw BenchFailure("there are no samples") }
            return (0..<settings.scaled(Self.sampleCount)).map { index in
                .with {
                    $0.content = Data(settings.samples[index % settings.samples.count])
                    $0.mediaType = "text/plain"
                }
            }
        }
        guard let data = FileManager.default.contents(atPath: news) else {
            throw BenchFailure("\(news) cannot be read")
        }
        let lines = data.split(separator: UInt8(ascii: "\n"))
        return lines.prefix(settings.scaled(lines.count)).map { line in
            .with {
                $0.content = Data(line)
                $0.mediaType = "application/json"
            }
        }
    }
}
