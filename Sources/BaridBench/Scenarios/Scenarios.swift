/// The scenarios over events, one run each.
struct Scenarios: Sendable {
    let settings: BenchSettings

    private var isSmall: Bool { settings.payloadBytes <= 1_024 }

    /// The target, for the payload it was set for.
    private func target(_ target: Target, article: Target? = nil) -> Target? {
        switch settings.payloadBytes {
        case 1_024: target
        case 4_323: article
        default: nil
        }
    }

    // MARK: Publish

    /// S1: one producer, so many events in flight; every receipt is waited for.
    func publish(window: Int, count: Int, target: Target) async throws -> RunResult {
        let count = settings.scaled(count)
        return try await Stage.with(settings) { stage in
            let publisher = try await stage.start("producer") { order in
                order.count = count
                order.window = window
            }
            let interval = Interval([stage.broker.process, publisher])
            publisher.say("go")
            let report = try await Stage.report(of: publisher)
            let (usages, other) = interval.end()
            var result = RunResult(otherLoad: other)
            result.add(
                "events", Double(count) / MonotonicTime.seconds(report.started, report.ended), "/s",
                self.target(target))
            result.add(usages, events: count)
            return result
        }
    }

    // MARK: End to end

    /// S2, S4, S7: from the first publish to the last durable ack, every group receiving every event.
    func throughput(
        groups: Int = 1, workers: Int = 1, connections: Int = 1, publishers: Int = 1,
        window: Int = 2_048, count: Int, target: Target?, articleTarget: Target? = nil,
        brokerTarget: Double? = nil
    ) async throws -> RunResult {
        let count = settings.scaled(count) / publishers * publishers
        let names = (1...groups).map { "bench-\($0)" }
        return try await Stage.with(settings) { stage in
            try await stage.broker.createGroups(names)
            var processes = [stage.broker.process]
            for name in names {
                processes += try await stage.startWorkers(
                    workers, group: name, connections: connections
                ) { order in
                    // As many unsettled deliveries for each process as the peers were given.
                    order.prefetch = max(1, 64 / connections)
                }
            }
            let publisher = try await stage.start("producer") { order in
                order.count = count
                order.connections = publishers
                order.window = window
            }
            processes.append(publisher)
            let interval = Interval(processes)
            publisher.say("go")
            let report = try await Stage.report(of: publisher)
            let end = try await stage.broker.wait { status in
                names.allSatisfy { name in
                    status.groups.contains { $0.group == name && $0.acked >= count }
                }
            }
            let (usages, other) = interval.end()
            var result = RunResult(otherLoad: other)
            result.add(
                "events", Double(count) / MonotonicTime.seconds(report.started, end), "/s",
                target.flatMap { self.target($0, article: articleTarget) })
            result.add(usages, events: count, brokerTarget: isSmall ? brokerTarget : nil)
            return result
        }
    }

    // MARK: Latency

    /// S3: a steady rate, one worker.
    func latency(rate: Double, count: Int, p50: Double, p99: Double) async throws -> RunResult {
        let count = settings.scaled(count)
        return try await Stage.with(settings) { stage in
            try await stage.broker.createGroups(["bench-1"])
            let workers = try await stage.startWorkers(1, group: "bench-1") { $0.stamp = true }
            let publisher = try await stage.start("producer") { order in
                order.count = count
                order.window = 2_048
                order.rate = rate
                order.stamp = true
            }
            let interval = Interval([stage.broker.process, publisher] + workers)
            publisher.say("go")
            let report = try await Stage.report(of: publisher)
            try await stage.broker.wait { status in
                status.groups.contains { $0.acked >= count }
            }
            let (usages, other) = interval.end()
            var delivered: [UInt64] = []
            for worker in workers {
                worker.say("stand")
                delivered += try await Stage.report(of: worker).latencies
            }
            var result = RunResult(otherLoad: other)
            let toHandler = Latencies(delivered)
            let toReceipt = Latencies(report.latencies)
            result.add("delivered p50", toHandler.microseconds(0.5), "µs", target(.atMost(p50)))
            result.add("delivered p99", toHandler.microseconds(0.99), "µs", target(.atMost(p99)))
            result.add("delivered p99.9", toHandler.microseconds(0.999), "µs")
            result.add("receipt p50", toReceipt.microseconds(0.5), "µs")
            result.add("receipt p99", toReceipt.microseconds(0.99), "µs")
            result.add(usages, events: count)
            return result
        }
    }

    // MARK: Calls

    /// S8: unary calls of 1 KiB each way through the broker to a worker.
    func calls(atOnce: Int, count: Int) async throws -> RunResult {
        let count = settings.scaled(count)
        return try await Stage.with(settings) { stage in
            let worker = try await stage.start("worker") { $0.role = .serve }
            let caller = try await stage.start("caller") { order in
                order.role = .call
                order.count = max(count, atOnce)
                order.window = atOnce
                order.payloadBytes = 1_024
            }
            let interval = Interval([stage.broker.process, worker, caller])
            caller.say("go")
            let report = try await Stage.report(of: caller)
            let (usages, other) = interval.end()
            let latencies = Latencies(report.latencies)
            var result = RunResult(otherLoad: other)
            result.add(
                "calls",
                Double(report.count) / MonotonicTime.seconds(report.started, report.ended), "/s",
                atOnce > 1 ? .atLeast(15_000) : nil)
            result.add(
                "p50", latencies.microseconds(0.5), "µs", atOnce > 1 ? nil : .atMost(450))
            result.add("p99", latencies.microseconds(0.99), "µs")
            result.add(usages, events: report.count)
            return result
        }
    }
}
