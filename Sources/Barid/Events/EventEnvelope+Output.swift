internal import SwiftProtobuf

extension EventEnvelope {
    /// The event that a worker emits for this one.
    ///
    /// Everything in it follows from the arguments, so that a repeat gives the same bytes; it has no
    /// `time`, the broker's instant of storing stands for it. Protocols/3-events.md §4.
    ///
    /// - Parameters:
    ///   - payload: Its body.
    ///   - worker: Name of the plugin.
    ///   - index: Place among the outputs, from 0.
    ///   - replay: Number of the replay, 0 if it is none.
    /// - Returns: The event, with subject, key, expiry and trace of this one.
    /// - Throws: `RPCError` with code `.invalidArgument` if the body cannot be serialised.
    public func output(
        _ payload: any EventPayload, worker: String, index: Int, replay: UInt32
    ) throws -> EventEnvelope {
        let derived = DerivedEventID(
            parentSource: source, parentID: id, worker: worker, output: index, replay: replay)
        var output = EventEnvelope(
            id: derived.text, source: "/barid/workers/\(worker)",
            type: Swift.type(of: payload).eventType)
        output.subject = subject
        output.partitionKey = partitionKey
        output.expiryTime = expiryTime
        if var trace = traceParent.flatMap({ TraceParent($0) }) {
            trace.spanID = derived.spanID
            output.traceParent = trace.text
            output.traceState = traceState
        }
        output.causationID = id
        output.correlationID = correlationID ?? id
        try output.setData(payload)
        return output
    }
}
