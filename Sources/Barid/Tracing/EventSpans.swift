internal import BaridSchema
internal import BaridTracing
internal import GRPCCore

/// The spans of a worker's events, by OpenTelemetry's names for messaging (Protocols/8-observability §2).
struct EventSpans: Sendable {
    let tracer: Tracer
    let topic: String
    let group: String

    /// Nothing, where no spans are recorded.
    init?(topic: String, group: String) {
        guard let tracer = Tracer.shared else { return nil }
        self.tracer = tracer
        self.topic = topic
        self.group = group
    }

    /// The span of handling an event; `nil` when its trace is not recorded.
    func process(_ event: EventEnvelope, _ delivery: Delivery) -> Span? {
        guard let origin = event.traceParent.flatMap({ TraceParent($0) }), origin.isSampled else {
            return nil
        }
        var span = Span(
            "process \(topic)", .consumer, origin.child, parentID: origin.spanID,
            attributes: attributes("process", of: event.id, event.type, delivery))
        span.links = [origin]
        return span
    }

    /// Records that an event waited in this process until it was handled.
    func received(at arrival: Int64?, _ event: EventEnvelope, _ delivery: Delivery, _ span: Span) {
        guard let arrival else { return }
        var received = Span(
            "receive \(topic)", .client, span.context.child, parentID: span.parentID,
            attributes: attributes("receive", of: event.id, event.type, delivery))
        received.links = span.links
        received.start = arrival
        received.end = span.start
        tracer.record(received)
    }

    /// Records that an event was made, under the id that its own trace context names.
    func created(_ output: EventEnvelope, by span: Span) {
        guard let context = output.traceParent.flatMap({ TraceParent($0) }) else { return }
        tracer.record(
            Span(
                "create \(topic)", .producer, context, parentID: span.context.spanID,
                attributes: [
                    ("messaging.system", "barid"), ("messaging.operation.name", "create"),
                    ("messaging.operation.type", "create"),
                    ("messaging.destination.name", .text(topic)),
                    ("messaging.message.id", .text(output.id)),
                    ("barid.event.type", .text(output.type)),
                ]))
    }

    /// Records the end of handling.
    ///
    /// - Returns: The span of the settlement, which begins now.
    func processed(_ span: Span, _ result: HandlingResult) -> Span {
        var span = span
        span.end = Span.now
        if case .failed(let error) = result { span.fail(error) }
        tracer.record(span)
        var settle = Span(
            "settle \(topic)", .client, span.context.child, parentID: span.context.spanID,
            attributes: span.attributes.filter { !$0.name.hasPrefix("messaging.operation") })
        settle.attributes += [
            ("messaging.operation.name", .text(Self.word(for: result))),
            ("messaging.operation.type", "settle"),
        ]
        settle.links = span.links
        return settle
    }

    private static func word(for result: HandlingResult) -> String {
        guard case .failed(let error) = result else { return "ack" }
        return switch Fate(error.code) {
        case .retry: "nack"
        case .deadLetter: "reject"
        case .pause, .release: "release"
        }
    }

    private func attributes(
        _ operation: String, of id: String, _ type: String, _ delivery: Delivery
    ) -> [(name: String, value: Span.Value)] {
        [
            ("messaging.system", "barid"), ("messaging.operation.name", .text(operation)),
            ("messaging.operation.type", .text(operation)),
            ("messaging.destination.name", .text(topic)),
            ("messaging.consumer.group.name", .text(group)),
            ("messaging.message.id", .text(id)), ("barid.event.type", .text(type)),
            ("barid.sequence", .number(Int64(clamping: delivery.sequence))),
            ("barid.attempt", .number(Int64(delivery.attempt))),
        ]
    }
}

/// The spans of what is being settled on one stream: each ends when the broker says that it is durable.
struct SettleSpans: Sendable {
    private struct Open {
        var span: Span
        /// The request it left with.
        var number: UInt64?
    }

    let tracer: Tracer
    /// By sequence.
    private var open: [UInt64: Open] = [:]
    /// When deliveries came that are not handled yet, by sequence.
    private var arrivals: [UInt64: Int64] = [:]

    init(tracer: Tracer) { self.tracer = tracer }

    /// Takes when a delivery came.
    mutating func takeArrival(of sequence: UInt64) -> Int64? {
        arrivals.removeValue(forKey: sequence)
    }

    /// A settlement waits to be told.
    mutating func began(_ span: Span, of sequence: UInt64) { open[sequence] = Open(span: span) }

    /// What a request tells.
    mutating func left(in request: Barid_Bus_V1_SubscribeRequest) {
        guard !open.isEmpty, request.settleNumber > 0 else { return }
        for range in request.acks {
            for sequence in range.firstSequence..<(range.firstSequence &+ UInt64(range.count)) {
                open[sequence]?.number = request.settleNumber
            }
        }
        for settlement in request.settlements {
            if case .extend = settlement.outcome { continue }
            open[settlement.sequence]?.number = request.settleNumber
        }
    }

    /// What the broker says.
    mutating func received(_ response: Barid_Bus_V1_SubscribeResponse) {
        let now = Span.now
        for sequence in response.sequences { arrivals[sequence] = now }
        for error in response.errors {
            guard var span = open.removeValue(forKey: error.sequence)?.span else { continue }
            span.end = now
            span.attributes.append(("error.type", .text(error.error.reason)))
            span.failure = error.error.message
            tracer.record(span)
        }
        guard response.settled > 0 else { return }
        for (sequence, entry) in open {
            guard let number = entry.number, number <= response.settled else { continue }
            open[sequence] = nil
            var span = entry.span
            span.end = now
            tracer.record(span)
        }
    }
}
