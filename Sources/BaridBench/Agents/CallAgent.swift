internal import Barid
internal import BaridTransport
internal import Foundation
internal import GRPCCore

/// Serves, or makes, unary calls of 1 KiB each way through the broker.
struct CallAgent: Sendable {
    let order: AgentOrder
    let endpoint: Endpoint

    func serve(_ input: InputLines) async throws {
        let worker = try Worker(
            manifest: try WorkAgent.manifest(order), handlers: [], services: [EchoService()],
            configuration: Worker.Configuration(
                endpoint: endpoint, stateFolder: order.folder),
            logger: .none)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try BenchAgent.tell(AgentReport(ready: true))
            group.addTask { while await input.next() != nil {} }
            try await group.next()
            group.cancelAll()
        }
    }

    func run(_ input: InputLines) async throws {
        try await BaridClient.with(endpoint, name: "bench-caller", logger: .none) { client in
            // The worker may not be there yet.
            while (try? await call(client)) == nil { try await Task.sleep(for: .milliseconds(10)) }
            try BenchAgent.tell(AgentReport(ready: true))
            guard await input.next() != nil else { return }
            let share = order.count / order.window
            let started = MonotonicTime.now
            let latencies = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for _ in 0..<order.window {
                    group.addTask {
                        var latencies: [UInt64] = []
                        latencies.reserveCapacity(share)
                        for _ in 0..<share {
                            let begin = MonotonicTime.now
                            try await call(client)
                            latencies.append(MonotonicTime.now - begin)
                        }
                        return latencies
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try BenchAgent.tell(
                AgentReport(
                    started: started, ended: MonotonicTime.now, count: share * order.window,
                    latencies: latencies))
            _ = await input.next()
        }
    }

    private func call(_ client: BaridClient) async throws {
        let answer = try await client.grpc.unary(
            request: ClientRequest(message: [UInt8](repeating: 0x61, count: order.payloadBytes)),
            descriptor: EchoService.method, serializer: RawBytes(), deserializer: RawBytes(),
            options: .defaults
        ) { try $0.message }
        guard answer.count == order.payloadBytes else { throw BenchFailure("a wrong answer") }
    }
}

/// Answers what it is asked.
private struct EchoService: RegistrableRPCService {
    static let method = MethodDescriptor(
        service: ServiceDescriptor(fullyQualifiedService: BenchTopic.service), method: "Echo")

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Self.method, deserializer: RawBytes(), serializer: RawBytes()
        ) { request, _ in
            var message: [UInt8] = []
            for try await part in request.messages { message = part }
            return StreamingServerResponse(single: ServerResponse(message: message))
        }
    }
}

/// Messages that are bytes already.
private struct RawBytes: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { [UInt8]($0) }
    }
}
