internal import BaridEngine
internal import BaridSchema
internal import BaridTracing

// The broker's part in the traces of events: until each is durable. Protocols/8-observability §2.
extension Core {
    /// The events of a record are about to be stored.
    func begin(_ record: Record, _ tracer: Tracer) {
        switch record {
        case .events(let block): begin(block, tracer)
        case .settled(_, _, _, let outputs?): begin(outputs, tracer)
        default: break
        }
    }

    private func begin(_ block: EventBlock, _ tracer: Tracer) {
        let topic = engine.durable.topics[Int(block.topic.number)].name
        for (offset, stored) in block.events.enumerated() {
            guard let event = try? Barid_Bus_V1_Event(serializedBytes: Array(stored.bytes)),
                let context = TraceParent(event.traceparent), context.isSampled
            else { continue }
            pending.storing.append(
                Span(
                    "store \(topic)", .internal, context.child, parentID: context.spanID,
                    attributes: [
                        ("messaging.system", "barid"), ("messaging.operation.name", "store"),
                        ("messaging.destination.name", .text(topic)),
                        ("messaging.message.id", .text(event.id)),
                        ("barid.event.type", .text(event.type)),
                        (
                            "barid.sequence",
                            .number(Int64(clamping: block.firstSequence + UInt64(offset)))
                        ),
                    ]))
        }
    }

    /// What was appended is durable.
    func end(_ spans: [Span], _ tracer: Tracer) {
        let now = Span.now
        for var span in spans {
            span.end = now
            tracer.record(span)
        }
    }
}
