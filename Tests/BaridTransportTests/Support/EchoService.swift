import GRPCCore
import Synchronization

/// What the service saw, for tests to wait for.
final class Probe: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        var waiters: [(name: String, count: Int, continuation: CheckedContinuation<Void, Never>)] =
            []
    }

    private let state = Mutex(State())

    func count(_ name: String) -> Int { state.withLock { $0.counts[name] ?? 0 } }

    func note(_ name: String) {
        let ready = state.withLock { state in
            state.counts[name, default: 0] += 1
            let count = state.counts[name] ?? 0
            let ready = state.waiters.filter { $0.name == name && $0.count <= count }
            state.waiters.removeAll { $0.name == name && $0.count <= count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns once `name` was noted that often.
    func wait(for name: String, count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.counts[name] ?? 0 >= count { return true }
                state.waiters.append((name, count, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}

/// A service with a method for every behaviour the suite asks for.
struct EchoService: RegistrableRPCService {
    static let name = "barid.test.v1.Echo"
    static let failure = RPCError(
        code: .failedPrecondition, message: "لا يجوز",
        metadata: ["reason": "stale", "detail-bin": .binary([0, 255, 7])])

    let probe: Probe
    var label = ""

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        register("Unary", with: &router) { request, _ in
            var message: [UInt8] = []
            for try await part in request.messages { message = part }
            let reply = message
            return StreamingServerResponse(metadata: request.metadata) { writer in
                try await writer.write(reply)
                return request.metadata
            }
        }
        register("Collect", with: &router) { request, _ in
            var sum: [UInt8] = []
            for try await part in request.messages { sum += part }
            let reply = sum
            return StreamingServerResponse { writer in
                try await writer.write(reply)
                return [:]
            }
        }
        register("Expand", with: &router) { request, _ in
            var count = 0
            for try await part in request.messages { count = Int(part.first ?? 0) }
            let total = count
            return StreamingServerResponse { writer in
                for index in 0..<total { try await writer.write([UInt8(index)]) }
                return ["count": "\(total)"]
            }
        }
        register("Both", with: &router) { request, _ in
            StreamingServerResponse { writer in
                for try await part in request.messages { try await writer.write(part) }
                return [:]
            }
        }
        register("Fail", with: &router) { _, _ in throw Self.failure }
        register("Label", with: &router) { [label] _, _ in
            StreamingServerResponse { writer in
                try await writer.write(Array(label.utf8))
                return [:]
            }
        }
        register("Hang", with: &router) { [probe] _, context in
            probe.note("hanging")
            try await context.cancellation.cancelled
            probe.note("cancelled")
            throw RPCError(code: .cancelled, message: "cancelled")
        }
        register("Hold", with: &router) { [probe] request, _ in
            StreamingServerResponse { writer in
                probe.note("held")
                try await writer.write([])
                for try await _ in request.messages {}
                return [:]
            }
        }
        register("Flood", with: &router) { [probe] _, _ in
            StreamingServerResponse { writer in
                for _ in 0..<10_000 {
                    try await writer.write([UInt8](repeating: 1, count: 16 << 10))
                    probe.note("flooded")
                }
                return [:]
            }
        }
    }

    private func register<Transport: ServerTransport>(
        _ method: String, with router: inout RPCRouter<Transport>,
        _ handler:
            @escaping @Sendable (StreamingServerRequest<[UInt8]>, ServerContext) async throws ->
            StreamingServerResponse<[UInt8]>
    ) {
        router.registerHandler(
            forMethod: .echo(method), deserializer: BytesDeserializer(),
            serializer: BytesSerializer(), handler: handler)
    }
}
