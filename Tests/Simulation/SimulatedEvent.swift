internal import BaridSchema
internal import SwiftProtobuf

/// An event of the simulation, with what its history says of it.
struct SimulatedEvent {
    var id: String
    var topic = "articles"
    var type: String
    var key = ""
    var data: String
    var revision: UInt64 = 0
    /// The body differs from what was published under this id before.
    var isConflict = false
    /// Whoever handles it dies, as long as faults are on.
    var isPoison: Bool { type.hasPrefix("poison.") }
    /// Nanoseconds since 1970.
    var expiry: Int64?

    /// The identity in the history.
    var name: String { "\(topic)/\(id)" }

    /// The hash in the history: of the data alone.
    var hash: String { Self.hash(of: data) }

    static func hash(of data: String) -> String {
        var digest = Digest()
        digest.add(data)
        return String(digest.value, radix: 16)
    }

    /// The event as it is published.
    var bytes: ArraySlice<UInt8> {
        let event = Barid_Bus_V1_Event.with {
            $0.id = id
            $0.source = "urn:simulation"
            $0.type = type
            $0.subject = key
            if let expiry {
                $0.expiryTime = Google_Protobuf_Timestamp(
                    seconds: expiry / 1_000_000_000, nanos: Int32(expiry % 1_000_000_000))
            }
            $0.textData = data
        }
        let bytes: [UInt8]? = try? event.serializedBytes()
        return (bytes ?? [])[...]
    }
}
