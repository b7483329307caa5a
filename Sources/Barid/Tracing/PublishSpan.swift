internal import BaridTracing
internal import GRPCCore

/// The span of publishing one event: from its submission to its outcome (Protocols/8-observability §2).
///
/// Its id is the one that the event's own trace context names, so that what the event gives rise to belongs to it.
struct PublishSpan: Sendable {
    private let tracer: Tracer
    private let span: Span

    /// `nil` when the event has no trace, or its trace is not recorded.
    init?(_ event: EventEnvelope, topic: String, tracer: Tracer) {
        guard let context = event.traceParent.flatMap({ TraceParent($0) }), context.isSampled else {
            return nil
        }
        // A parent of another trace is none.
        let parent = CurrentTrace.header.flatMap { TraceParent($0) }
        self.tracer = tracer
        span = Span(
            "publish \(topic)", .producer, context,
            parentID: parent?.traceID == context.traceID ? parent?.spanID : nil,
            attributes: [
                ("messaging.system", "barid"), ("messaging.operation.name", "publish"),
                ("messaging.operation.type", "publish"),
                ("messaging.destination.name", .text(topic)),
                ("messaging.message.id", .text(event.id)),
                ("barid.event.type", .text(event.type)),
            ])
    }

    /// Records it.
    func ended(_ outcome: PublishOutcome) {
        var span = span
        span.end = Span.now
        switch outcome {
        case .stored(let receipt):
            span.attributes.append(("barid.sequence", .number(Int64(clamping: receipt.sequence))))
        case .refused(let error), .unknown(let error): span.fail(error)
        }
        tracer.record(span)
    }
}
