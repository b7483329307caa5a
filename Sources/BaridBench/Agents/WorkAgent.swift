internal import Barid
internal import BaridArticles
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Synchronization

/// Workers that take events, look at their bodies, and ack.
struct WorkAgent: Sendable {
    let order: AgentOrder
    let endpoint: Endpoint

    func run(_ input: InputLines) async throws {
        let noted = BenchHandler.Noted()
        let manifest = try Self.manifest(order)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<order.connections {
                let worker = try Worker(
                    manifest: manifest, handlers: [BenchHandler(noted: noted, stamp: order.stamp)],
                    configuration: Worker.Configuration(
                        endpoint: endpoint, stateFolder: order.folder),
                    logger: .none)
                group.addTask { try await worker.run() }
            }
            try BenchAgent.tell(AgentReport(ready: true))
            group.addTask {
                // Each line asks how it stands; the end of the input ends us.
                while await input.next() != nil {
                    try BenchAgent.tell(
                        AgentReport(
                            count: noted.count.load(ordering: .relaxed),
                            latencies: noted.latencies.withLock { $0 }))
                }
            }
            // Whatever ends first ends the process, a worker that was refused too.
            try await group.next()
            group.cancelAll()
        }
    }

    static func manifest(_ order: AgentOrder) throws -> PluginManifest {
        let consumes =
            order.group.isEmpty
            ? "serves: [\(BenchTopic.service)]"
            : """
            consumes:
              topic: \(BenchTopic.name)
              types: [\(BenchTopic.eventType)]
              group: \(order.group)
              concurrency: \(order.concurrency)
              prefetch: \(order.prefetch)
            """
        let yaml = """
            name: bench-worker
            version: 1.0.0
            summary: Takes events and acks them.
            command: [barid]
            protocol: 1
            \(consumes)
            """
        return try PluginManifest(yaml: Array(yaml.utf8))
    }
}

/// Counts events, and how long they were on their way.
struct BenchHandler: EventHandler {
    final class Noted: Sendable {
        let count = Atomic(0)
        let latencies = Mutex<[UInt64]>([])
    }

    let noted: Noted
    let stamp: Bool

    func handle(
        _ event: Event<ArticleSubmitted>, in context: HandlerContext
    ) async throws -> [any EventPayload] {
        if stamp {
            let latency = MonotonicTime.now &- BenchEventMaker.stamp(of: event.payload.content)
            noted.latencies.withLock { $0.append(latency) }
        }
        noted.count.add(1, ordering: .relaxed)
        return []
    }
}
