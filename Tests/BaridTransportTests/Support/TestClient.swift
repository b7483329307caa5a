import GRPCCore

/// A GRPCClient over any transport, for calls with bytes.
struct TestClient: Sendable {
    typealias Handler =
        @Sendable (StreamingClientResponse<[UInt8]>) async throws -> any Sendable

    private let perform:
        @Sendable (
            StreamingClientRequest<[UInt8]>, MethodDescriptor, CallOptions, @escaping Handler
        )
            async throws -> any Sendable

    init<Transport: ClientTransport>(_ client: GRPCClient<Transport>) {
        perform = { request, method, options, handler in
            try await client.bidirectionalStreaming(
                request: request, descriptor: method, serializer: BytesSerializer(),
                deserializer: BytesDeserializer(), options: options, onResponse: handler)
        }
    }

    func call<Result: Sendable>(
        _ method: String, metadata: Metadata = [:], timeout: Duration? = nil,
        send: @escaping @Sendable (RPCWriter<[UInt8]>) async throws -> Void,
        receive: @escaping @Sendable (StreamingClientResponse<[UInt8]>) async throws -> Result
    ) async throws -> Result {
        var options = CallOptions.defaults
        options.timeout = timeout
        let request = StreamingClientRequest<[UInt8]>(metadata: metadata, producer: send)
        let result = try await perform(request, .echo(method), options, receive)
        guard let result = result as? Result else {
            throw RPCError(code: .internalError, message: "the handler's result got lost")
        }
        return result
    }

    /// Sends messages and returns all that comes back.
    func messages(
        _ method: String, _ messages: [[UInt8]] = [[]], metadata: Metadata = [:],
        timeout: Duration? = nil
    ) async throws -> [[UInt8]] {
        try await call(method, metadata: metadata, timeout: timeout) { writer in
            for message in messages { try await writer.write(message) }
        } receive: { response in
            var replies: [[UInt8]] = []
            for try await reply in response.messages { replies.append(reply) }
            return replies
        }
    }
}
