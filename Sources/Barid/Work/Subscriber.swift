internal import BaridSchema
internal import BaridTracing
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging
internal import Synchronization

/// Receives a group's events on Subscribe streams, has them handled, and settles them.
///
/// One stream after the other, for ever, with back-off. When a stream is lost its handlers are
/// cancelled and waited for before the next one begins: their leases are not ours any more.
final class Subscriber: Sendable {
    struct Configuration {
        var subscription: Barid_Bus_V1_Subscription
        var ledger: DeliveryLedger.Configuration
        /// Name of the plugin, for derived ids.
        var worker: String
        /// Event types the manifest allows to emit; `nil` allows all.
        var emits: Set<String>?
        var stateFolder: String
        var settings: [String: String] = [:]
        /// How long running handlers may finish when the worker drains.
        var drainLimit = Duration.seconds(8)
        /// Called whenever a subscription stands.
        var onStarted: @Sendable () -> Void = {}
        var maximumBackoff = Duration.seconds(5)
        var maximumOutputs = 1_024
        var maximumOutputBytes = 16 << 20
    }

    private let connection: Connection
    private let configuration: Configuration
    private let handlers: [String: HandlerBinding]
    private let logger: Logger
    private let current = Mutex<SubscriptionStream?>(nil)
    private let draining = Atomic(false)
    private let drainBegun = Signal()
    private let runnerNumbers = Atomic(0)
    /// Where spans are recorded.
    private let spans: EventSpans?

    init(
        connection: Connection, configuration: Configuration, handlers: [HandlerBinding],
        logger: Logger
    ) {
        self.connection = connection
        self.configuration = configuration
        self.handlers = Dictionary(handlers.map { ($0.eventType, $0) }) { first, _ in first }
        self.logger = logger
        spans = EventSpans(
            topic: configuration.subscription.topic, group: configuration.subscription.group)
    }

    /// Stops taking; running handlers finish, the rest is given back, then ``run()`` returns.
    func drain() {
        draining.store(true, ordering: .sequentiallyConsistent)
        current.withLock { $0 }?.drain()
        drainBegun.notify()
    }

    private var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    /// Subscribes again and again until it is drained or cancelled.
    ///
    /// - Throws: `RPCError` if the broker refuses the subscription for good.
    func run() async throws {
        var backoff = Backoff(first: .milliseconds(100), longest: configuration.maximumBackoff)
        while !Task.isCancelled && !isDraining {
            let stream = SubscriptionStream(
                ledger: DeliveryLedger(configuration: configuration.ledger),
                spans: spans.map { SettleSpans(tracer: $0.tracer) })
            current.withLock { $0 = stream }
            // Draining may have begun before the stream was there to hear of it.
            if isDraining { stream.drain() }
            let failure = await run(stream)
            current.withLock { $0 = nil }
            guard !Task.isCancelled, !isDraining else { return }
            if let failure {
                logger.debug(
                    "subscription lost",
                    metadata: ["code": "\(failure.code)", "error": "\(failure.message)"])
                if Fate(failure.code) == .deadLetter { throw failure }
            }
            if stream.hasStarted { backoff.reset() }
            let pause = backoff.pause()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await Task.sleep(for: pause) }
                group.addTask { await self.drainBegun.wait() }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func run(_ stream: SubscriptionStream) async -> RPCError? {
        await withTaskGroup(of: RPCError?.self) { group in
            group.addTask { await self.exchange(stream) }
            for _ in 0..<configuration.ledger.concurrency {
                group.addTask { await self.keepHandling(stream) }
            }
            group.addTask { await self.keepTime(stream) }
            // The exchange ends the stream; then whatever still runs is cancelled and waited for.
            var failure: RPCError?
            for await result in group where stream.hasEnded {
                if let result { failure = result }
                group.cancelAll()
            }
            return failure
        }
    }

    // MARK: The stream

    private func exchange(_ stream: SubscriptionStream) async -> RPCError? {
        defer { stream.end() }
        do {
            let call = try connection.call(
                Barid_Bus_V1_EventBus.Method.Subscribe.descriptor,
                receiver: Receiver(stream: stream, subscriber: self))
            stream.begin(configuration.subscription, on: call)
            try await call.end()
            return nil
        } catch {
            return error
        }
    }

    /// Takes what the broker sends on one stream.
    private final class Receiver: RawCallReceiver {
        private let stream: SubscriptionStream
        private let subscriber: Subscriber

        init(stream: SubscriptionStream, subscriber: Subscriber) {
            self.stream = stream
            self.subscriber = subscriber
        }

        func received(_ message: [UInt8]) throws(RPCError) {
            let response = try Barid_Bus_V1_SubscribeResponse(received: message)
            subscriber.note(response)
            try stream.receive(response)
        }

        func sent() { stream.sent() }
    }

    /// Tells people, and whoever waits for the subscription, what the broker said.
    private func note(_ message: Barid_Bus_V1_SubscribeResponse) {
        if message.hasStarted {
            logger.info(
                "subscribed",
                metadata: [
                    "group": "\(message.started.group)", "epoch": "\(message.started.epoch)",
                ])
            configuration.onStarted()
        }
        for error in message.errors {
            logger.warning(
                "settlement refused",
                metadata: [
                    "sequence": "\(error.sequence)", "attempt": "\(error.attempt)",
                    "reason": "\(error.error.reason)", "error": "\(error.error.message)",
                ])
        }
    }

    /// Extends leases, sends deferred acks, cancels what is overdue, and ends a drain that is over.
    private func keepTime(_ stream: SubscriptionStream) async -> RPCError? {
        var drainEnd: ContinuousClock.Instant?
        while !Task.isCancelled && !stream.hasEnded {
            await stream.sleep()
            if stream.isDraining {
                // Without a broker there is nothing to give back.
                guard stream.hasStarted else {
                    stream.end()
                    break
                }
                let end = drainEnd ?? .now + configuration.drainLimit
                drainEnd = end
                if end <= .now { stream.cancelHandlers() }
                // The broker does not confirm: it will count these deliveries as lost.
                if end + .seconds(2) <= .now { stream.end() }
            }
            stream.tick()
        }
        return nil
    }

    // MARK: Handling

    /// One handler after the other; each runs in a task that can be cancelled by itself.
    private func keepHandling(_ stream: SubscriptionStream) async -> RPCError? {
        while !Task.isCancelled && !stream.hasEnded && !stream.isDraining {
            let number = runnerNumbers.add(1, ordering: .relaxed).newValue
            let runner = Task(executorPreference: HandlerExecutor.shared) {
                await self.work(as: number, on: stream)
            }
            stream.register(runner, as: number)
            await withTaskCancellationHandler {
                await runner.value
            } onCancel: {
                runner.cancel()
            }
        }
        return nil
    }

    private func work(as number: Int, on stream: SubscriptionStream) async {
        var handled = 0
        var next: Delivery?
        while !Task.isCancelled {
            if next == nil { next = await stream.nextDelivery(for: number) }
            guard let delivery = next else { return }
            // Not when it was handed out: it may have waited for a thread since.
            let begun = ContinuousClock.now
            let (result, settle) = await handle(delivery, stream)
            next = stream.finished(
                delivery, result, begun: begun, settle: settle,
                by: Task.isCancelled ? nil : number)
            handled += 1
            // A handler that never waits would keep its thread from the ones beside it.
            if handled % 16 == 0 { await Task.yield() }
        }
        if let delivery = next {
            let error = RPCError(code: .cancelled, message: "the worker stops")
            _ = stream.finished(delivery, .failed(error), by: nil)
        }
    }

    private func handle(
        _ delivery: Delivery, _ stream: SubscriptionStream
    ) async -> (HandlingResult, settle: Span?) {
        var found: EventEnvelope?
        var span: Span?
        do {
            let event = try EventEnvelope(serializedBytes: delivery.bytes)
            found = event
            if let spans {
                let arrival = stream.arrival(of: delivery)
                span = spans.process(event, delivery)
                if let span { spans.received(at: arrival, event, delivery, span) }
            }
            guard let handler = handlers[event.type] else {
                throw RPCError(
                    code: .unimplemented,
                    message: "\(configuration.worker) has no handler for \(event.type)")
            }
            let deadline = HandlerDeadline(.now + configuration.ledger.deadline) {
                stream.extend(delivery, until: $0)
            }
            let context = HandlerContext(
                event: event, logger: logger, worker: configuration.worker,
                attempt: Int(delivery.attempt),
                replay: delivery.replay, sequence: delivery.sequence,
                stateFolder: configuration.stateFolder, settings: configuration.settings,
                deadline: deadline)
            // Calls that the handler makes belong to the trace of its event.
            let payloads = try await CurrentTrace.$header.withValue(
                span?.context.text ?? event.traceParent
            ) {
                try await handler.handle(event, context)
            }
            let outputs = try serialized(payloads, of: event, delivery, span)
            return ended(.outputs(outputs), span)
        } catch {
            let error = outcome(of: error, delivery, stream)
            var log = logger
            log[metadataKey: "sequence"] = "\(delivery.sequence)"
            if let found { log.add(found) }
            log.log(
                level: Fate(error.code) == .release ? .debug : .warning, "handler failed",
                metadata: [
                    "code": "\(error.code)", "error": "\(error.message)",
                    "attempt": "\(delivery.attempt)", "fate": "\(Fate(error.code).rawValue)",
                ])
            return ended(.failed(error), span)
        }
    }

    private func ended(
        _ result: HandlingResult, _ span: Span?
    ) -> (HandlingResult, settle: Span?) {
        guard let spans, let span else { return (result, nil) }
        return (result, spans.processed(span, result))
    }

    /// A cancelled handler was cancelled for a reason of ours: its deadline, or the end of the stream.
    private func outcome(
        of error: any Error, _ delivery: Delivery, _ stream: SubscriptionStream
    ) -> RPCError {
        let error = RPCError(handlerError: error)
        guard Task.isCancelled, error.code == .cancelled else { return error }
        return stream.isOverdue(delivery)
            ? RPCError(code: .deadlineExceeded, message: "the handler's deadline is over")
            : RPCError(code: .cancelled, message: "the worker stops")
    }

    private func serialized(
        _ payloads: [any EventPayload], of event: EventEnvelope, _ delivery: Delivery,
        _ span: Span?
    ) throws -> [Data] {
        guard payloads.count <= configuration.maximumOutputs else {
            throw RPCError(
                code: .outOfRange,
                message:
                    "\(payloads.count) outputs; at most \(configuration.maximumOutputs) are allowed"
            )
        }
        var outputs: [Data] = []
        var created: [EventEnvelope] = []
        var size = 0
        for (index, payload) in payloads.enumerated() {
            let output = try event.output(
                payload, worker: configuration.worker, index: index, replay: delivery.replay,
                sequence: delivery.sequence)
            if let emits = configuration.emits, !emits.contains(output.type) {
                throw RPCError(
                    code: .permissionDenied,
                    message: "\(output.type) is not among the emits of plugin.yaml")
            }
            outputs.append(Data(try output.serialized()))
            if span != nil { created.append(output) }
            size += outputs[index].count
        }
        guard size <= configuration.maximumOutputBytes else {
            throw RPCError(
                code: .outOfRange,
                message: """
                    outputs of \(size) bytes; at most \(configuration.maximumOutputBytes) are \
                    allowed
                    """)
        }
        if let span { for output in created { spans?.created(output, by: span) } }
        return outputs
    }
}

extension Logger {
    /// Puts what identifies an event into every line.
    mutating func add(_ event: EventEnvelope) {
        self[metadataKey: "event"] = "\(event.id)"
        if let subject = event.subject { self[metadataKey: "subject"] = "\(subject)" }
        if let trace = event.traceParent.flatMap({ TraceParent($0) }) {
            self[metadataKey: "trace"] = "\(trace.traceID)"
        }
    }
}
