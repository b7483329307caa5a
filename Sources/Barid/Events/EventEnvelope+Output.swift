internal import BaridSchema
internal import BaridTracing
internal import GRPCCore
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
    ///   - sequence: Place of this event in its topic; 0 without a broker.
    /// - Returns: The event, with subject, key, expiry and trace of this one.
    /// - Throws: `RPCError` with code `.invalidArgument` if the body cannot be serialised,
    ///   `.failedPrecondition` if this event has come through ``maximumHops`` workers.
    public func output(
        _ payload: any EventPayload, worker: String, index: Int, replay: UInt32,
        sequence: UInt64 = 0
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
        if let origin = originSequence ?? (sequence > 0 ? sequence : nil) {
            output.originSequence = origin
        }
        let number = max(replay, replayNumber)
        if number > 0 { output.replayNumber = number }
        guard hops < Self.maximumHops else {
            throw RPCError(
                code: .failedPrecondition,
                message: """
                    this event came through \(hops) workers one after the other, the most there may \
                    be: does a plugin consume what comes of its own outputs?
                    """)
        }
        output.hops = hops + 1
        try output.setData(payload)
        return output
    }

    /// Most workers one after the other that an event comes through.
    ///
    /// Plugins that feed one another in a circle are stopped by it.
    public static let maximumHops: UInt32 = 64

    /// Workers that the chain of events came through up to this one (attribute `hops`), 0 if none.
    public var hops: UInt32 {
        get {
            guard case .string(let text) = message.extensions["hops"]?.value else { return 0 }
            return UInt32(text) ?? 0
        }
        set {
            message.extensions["hops"] =
                newValue == 0 ? nil : .with { $0.string = String(newValue) }
        }
    }

    /// Number of the latest replay in the chain of events that gave rise to this one (attribute
    /// `replaynumber`), 0 if there was none.
    ///
    /// Of two results for the same input, the one with the higher number is the later one.
    public var replayNumber: UInt32 {
        get {
            guard case .string(let text) = message.extensions["replaynumber"]?.value else {
                return 0
            }
            return UInt32(text) ?? 0
        }
        set {
            message.extensions["replaynumber"] =
                newValue == 0 ? nil : .with { $0.string = String(newValue) }
        }
    }

    /// Place in the topic of the first event of the chain (attribute `originsequence`).
    ///
    /// It orders chains as their first events are ordered: for articles, the revisions. `nil` on the
    /// first event itself. A text, as CloudEvents' integers have 32 bits.
    public var originSequence: UInt64? {
        get {
            guard case .string(let text) = message.extensions["originsequence"]?.value else {
                return nil
            }
            return UInt64(text)
        }
        set {
            message.extensions["originsequence"] = newValue.map { sequence in
                .with { $0.string = String(sequence) }
            }
        }
    }
}
