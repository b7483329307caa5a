public import GRPCCore

/// Spans of the calls a client makes and a server answers, and the trace that goes with them.
///
/// The trace of a call is that of the task it is made in (``CurrentTrace``), else one of its own where spans
/// are recorded. The streams of the event bus are no calls in this sense: their events have spans.
public struct TracingInterceptor: ClientInterceptor, ServerInterceptor {
    private let tracer: Tracer?

    /// An interceptor.
    ///
    /// - Parameter tracer: Where spans go. The default is the process's.
    public init(_ tracer: Tracer? = .shared) { self.tracer = tracer }

    /// Passes the trace on, and records how long the call took.
    public func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingClientRequest<Input>, context: ClientContext,
        next: (
            StreamingClientRequest<Input>, ClientContext
        ) async throws -> StreamingClientResponse<Output>
    ) async throws -> StreamingClientResponse<Output> {
        guard Self.isCall(context.descriptor) else { return try await next(request, context) }
        let parent = CurrentTrace.header.flatMap { TraceParent($0) }
        var request = request
        guard let tracer, let own = Self.context(parent) else {
            if let parent { request.metadata.replaceOrAddString(parent.text, forKey: Self.key) }
            return try await next(request, context)
        }
        request.metadata.replaceOrAddString(own.text, forKey: Self.key)
        let call = CallSpan(tracer, .client, own, parent, context.descriptor)
        do {
            var response = try await next(request, context)
            switch response.accepted {
            case .failure(let error): call.ended(error)
            case .success(var contents):
                contents.bodyParts = RPCAsyncSequence(
                    wrapping: TracedParts(base: contents.bodyParts, call: call))
                response.accepted = .success(contents)
            }
            return response
        } catch {
            call.ended(error)
            throw error
        }
    }

    /// Works for the trace that came with the call, and records how long that took.
    public func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @Sendable (
                StreamingServerRequest<Input>, ServerContext
            ) async throws -> StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let header = request.metadata[stringValues: Self.key].first { _ in true }
        let parent = header.flatMap { TraceParent($0) }
        guard let tracer, let own = Self.context(parent) else {
            return try await CurrentTrace.$header.withValue(parent?.text) {
                try await next(request, context)
            }
        }
        let call = CallSpan(tracer, .server, own, parent, context.descriptor)
        do {
            var response = try await CurrentTrace.$header.withValue(own.text) {
                try await next(request, context)
            }
            switch response.accepted {
            case .failure(let error): call.ended(error)
            case .success(var contents):
                let produce = contents.producer
                contents.producer = { writer in
                    do {
                        let trailers = try await CurrentTrace.$header.withValue(own.text) {
                            try await produce(writer)
                        }
                        call.ended(nil)
                        return trailers
                    } catch {
                        call.ended(error)
                        throw error
                    }
                }
                response.accepted = .success(contents)
            }
            return response
        } catch {
            call.ended(error)
            throw error
        }
    }

    private static let key = "traceparent"

    private static func isCall(_ method: MethodDescriptor) -> Bool {
        method.service.fullyQualifiedService != "barid.bus.v1.EventBus"
    }

    /// The span of a call; `nil` when its trace is not recorded.
    private static func context(_ parent: TraceParent?) -> TraceParent? {
        guard let parent else { return TraceParent() }
        return parent.isSampled ? parent.child : nil
    }
}

/// The span of one call, which ends once.
private struct CallSpan: Sendable {
    private let tracer: Tracer
    private let span: Span

    init(
        _ tracer: Tracer, _ kind: Span.Kind, _ context: TraceParent, _ parent: TraceParent?,
        _ method: MethodDescriptor
    ) {
        self.tracer = tracer
        span = Span(
            method.fullyQualifiedMethod, kind, context, parentID: parent?.spanID,
            attributes: [
                ("rpc.system", "grpc"),
                ("rpc.service", .text(method.service.fullyQualifiedService)),
                ("rpc.method", .text(method.method)),
            ])
    }

    func ended(_ error: (any Error)?) {
        var span = span
        span.end = Span.now
        let error = error.map {
            $0 as? RPCError
                ?? RPCError(
                    code: $0 is CancellationError ? .cancelled : .unknown, message: "\($0)")
        }
        let code = Int64(error?.code.rawValue ?? 0)
        span.attributes.append(("rpc.grpc.status_code", .number(code)))
        span.failure = error?.message
        tracer.record(span)
    }
}

/// The parts of a response, the last of which ends the span.
private struct TracedParts<Message: Sendable>: AsyncSequence, Sendable {
    typealias Element = StreamingClientResponse<Message>.Contents.BodyPart
    typealias Failure = any Error

    let base: RPCAsyncSequence<Element, any Error>
    let call: CallSpan

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RPCAsyncSequence<Element, any Error>.AsyncIterator
        let call: CallSpan
        var hasEnded = false

        mutating func next() async throws -> Element? {
            do {
                let part = try await base.next()
                switch part {
                case .message: break
                case .trailingMetadata, nil: end(nil)
                }
                return part
            } catch {
                end(error)
                throw error
            }
        }

        private mutating func end(_ error: (any Error)?) {
            if !hasEnded { call.ended(error) }
            hasEnded = true
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), call: call)
    }
}
