internal import Barid
internal import BaridSchema
internal import Foundation

/// The event that a proof's worker emits in the record of its ack.
struct ProvenOutput: Sendable, Hashable {
    /// The worker's name in derived ids: that of the plugin, the same for all its processes.
    static let worker = "prover"

    let id: String
    let key: String
    let cause: String
    let body: [UInt8]

    init(of held: WorkDesk.Held) {
        id =
            DerivedEventID(
                parentSource: "/barid/prove/\(held.publisher)", parentID: held.event,
                worker: Self.worker, output: 0, replay: 0
            ).text
        key = held.key
        cause = held.event
        // Only the input may show in it: a repeat has to give the same bytes.
        body = Array("done \(held.event)\n".utf8)
    }

    func serialized() throws -> Data {
        var envelope = EventEnvelope(
            id: id, source: "/barid/workers/\(Self.worker)", type: ProvenEvent.outputType)
        envelope.subject = key
        envelope.causationID = cause
        envelope.message.binaryData = Data(body)
        return Data(try envelope.serialized())
    }
}
