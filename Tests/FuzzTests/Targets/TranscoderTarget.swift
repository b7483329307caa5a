import BaridReflection
import BaridSchema
import Foundation

/// Messages to JSON and back by descriptors, as `barid call` does it: what is shown can be said
/// again, and then shows the same.
enum TranscoderTarget: FuzzTarget {
    static let name = "transcoder"

    /// Messages with every kind of field there is in Protocols/.
    private static let types = [
        "barid.admin.v1.GetStatusResponse", "barid.article.v1.Article", "barid.bus.v1.Event",
        "barid.bus.v1.SubscribeRequest", "barid.index.v1.SearchResponse",
        "io.cloudevents.v1.CloudEvent", "google.protobuf.FileDescriptorSet",
        "google.protobuf.Timestamp", "google.protobuf.Any",
    ]

    private static let pool: DescriptorPool? = Data(base64Encoded: ProtocolDescriptors.base64)
        .flatMap { try? DescriptorPool(Array($0)) }

    static func take(_ bytes: [UInt8]) {
        guard let pool else { return expect(false, "no descriptors") }
        guard let choice = bytes.first else { return }
        let type = types[Int(choice >> 1) % types.count]
        let body = bytes.dropFirst()
        let message: [UInt8]
        if choice & 1 == 0 {
            message = Array(body)
        } else {
            guard let text = String(validating: body, as: UTF8.self),
                let encoded = try? pool.encode(json: text, as: type)
            else { return }
            message = encoded
        }
        guard let json = try? pool.json(of: message, as: type) else { return }
        guard let again = try? pool.encode(json: json, as: type) else {
            return expect(false, "what was shown cannot be said: \(json.prefix(400))")
        }
        expect(
            (try? pool.json(of: again, as: type)) == json, "it shows otherwise: \(json.prefix(400))"
        )
    }
}
