internal import Barid
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Synchronization

/// Publishes, with so many events in flight or at a steady rate.
struct PublishAgent: Sendable {
    let order: AgentOrder
    let endpoint: Endpoint

    func run(_ input: InputLines) async throws {
        let gate = Gate()
        let total = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for number in 0..<order.connections {
                group.addTask {
                    try await BaridClient.with(
                        endpoint, name: "bench-publisher", logger: .none
                    ) { client in
                        var configuration = Publisher.Configuration()
                        configuration.topic = BenchTopic.name
                        configuration.maximumOpenEvents = order.window
                        configuration.maximumOpenBytes = 64 << 20
                        return try await client.withPublisher(configuration) { publisher in
                            await gate.passed()
                            return try await publish(number, by: publisher)
                        }
                    }
                }
            }
            while gate.waitingCount < order.connections {
                try await Task.sleep(for: .milliseconds(2))
            }
            try BenchAgent.tell(AgentReport(ready: true))
            guard await input.next() != nil else { throw CancellationError() }
            let started = MonotonicTime.now
            gate.open()
            var latencies: [UInt64] = []
            for try await some in group { latencies += some }
            return AgentReport(
                started: started, ended: MonotonicTime.now, count: order.count,
                latencies: latencies)
        }
        try BenchAgent.tell(total)
        _ = await input.next()
    }

    /// One publisher's share.
    ///
    /// - Returns: Latencies until the receipt, when they are wanted.
    private func publish(_ number: Int, by publisher: Publisher) async throws -> [UInt64] {
        let share = order.count / order.connections
        var maker = BenchEventMaker(
            run: "\(String(MonotonicTime.now, radix: 36))-\(number)", bytes: order.payloadBytes,
            stamp: order.stamp)
        if order.rate > 0 { return try await steadily(share, &maker, publisher) }
        if order.window == 1 {
            for _ in 0..<share { try await publisher.publish(maker.next()) }
            return []
        }
        // Every receipt is looked at, when the window has come round to its place.
        var open: [Submission?] = Array(repeating: nil, count: order.window)
        for index in 0..<share {
            if let earlier = open[index % order.window] { _ = try await earlier.outcome().get() }
            open[index % order.window] = try await publisher.submit(maker.next())
        }
        for submission in open.compactMap({ $0 }) { _ = try await submission.outcome().get() }
        return []
    }

    /// Submits on a thread that sleeps by itself: a timer of the concurrency library for each event
    /// costs more than publishing it, and these processes share two cores with the broker.
    private func steadily(
        _ share: Int, _ maker: inout BenchEventMaker, _ publisher: Publisher
    ) async throws -> [UInt64] {
        let interval = 1e9 * Double(order.connections) / order.rate
        let (open, post) = AsyncStream.makeStream(of: (begin: UInt64, submission: Submission).self)
        async let latencies = Self.latencies(of: open)
        let first = maker
        maker = try await HandlerExecutor.run {
            defer { post.finish() }
            var maker = first
            let start = MonotonicTime.now
            for index in 0..<share {
                MonotonicTime.sleep(until: start + UInt64(interval * Double(index)))
                let event = try maker.next()
                let begin = MonotonicTime.now
                post.yield((begin, try await publisher.submit(event)))
            }
            return maker
        }
        return try await latencies
    }

    /// Receipts come in the order of sending, so waiting for one after the other is soon enough.
    private static func latencies(
        of open: AsyncStream<(begin: UInt64, submission: Submission)>
    ) async throws -> [UInt64] {
        var latencies: [UInt64] = []
        for await (begin, submission) in open {
            _ = try await submission.outcome().get()
            latencies.append(MonotonicTime.now - begin)
        }
        return latencies
    }
}

/// Opens once, for all who wait.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func passed() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
