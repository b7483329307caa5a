internal import Foundation

extension Scenarios {
    /// S5 and S6: a backlog with no consumer, a restart with it, its drain by one worker; and how long
    /// a broker takes to come up cold and with the backlog.
    func backlog() async throws -> RunResult {
        let count = settings.scaled(1_000_000)
        let folder = try ScratchFolder(in: settings.folder)
        defer { folder.remove() }
        var result = try await Stage.with(settings, folder) { stage in
            var result = RunResult()
            result.add(
                "cold start", stage.broker.readySeconds * 1_000, "ms", .atMost(40))
            if let idle = ProcessFigures(of: stage.broker.process.identifier) {
                result.add(
                    "idle RSS", Double(idle.residentBytes) / 1_048_576, "MiB", .atMost(25))
            }
            try await stage.broker.createGroups(["bench-1"])
            let publisher = try await stage.start("producer") { order in
                order.count = count
                order.window = 2_048
            }
            let interval = Interval([stage.broker.process, publisher])
            publisher.say("go")
            let report = try await Stage.report(of: publisher)
            let (usages, other) = interval.end()
            result.otherLoad = other
            result.add(
                "publish", Double(count) / MonotonicTime.seconds(report.started, report.ended), "/s"
            )
            result.add(
                "RSS with backlog",
                Double(usages[0].greatestResidentBytes) / 1_048_576, "MiB", .atMost(64))
            let disk = ScratchFolder.diskBytes(stage.broker.dataFolder)
            result.add("disk", Double(disk.all) / 1_048_576, "MiB")
            var maker = BenchEventMaker(
                run: "\(String(MonotonicTime.now, radix: 36))-0", bytes: settings.payloadBytes,
                stamp: false)
            let encoded = try maker.bytes(of: count)
            result.add(
                "disk without spares, to encoded events",
                Double(disk.all - disk.spare) / Double(encoded), "x", .atMost(1.05))
            return result
        }
        let drained = try await Stage.with(settings, folder) { stage in
            var result = RunResult()
            result.add(
                "restart with backlog", stage.broker.readySeconds * 1_000, "ms", .atMost(100))
            let worker = try await stage.start("worker") { order in
                order.role = .work
                order.group = "bench-1"
            }
            // From the first event acked on: the worker's own start is not the broker's.
            let start = try await stage.broker.wait { status in
                status.groups.contains { $0.acked > 0 }
            }
            let interval = Interval([stage.broker.process, worker])
            let end = try await stage.broker.wait { status in
                status.groups.contains { $0.acked >= count }
            }
            let (usages, other) = interval.end()
            result.otherLoad = other
            result.add(
                "drain", Double(count) / MonotonicTime.seconds(start, end), "/s",
                .atLeast(250_000))
            result.add(usages, events: count)
            return result
        }
        result.figures += drained.figures
        result.otherLoad = [result.otherLoad, drained.otherLoad].compactMap { $0 }.max()
        return result
    }
}
