internal import BaridSchema
internal import Foundation
internal import SwiftProtobuf

extension EventEnvelope {
    /// Reads the body as a message; see ``Event/init(_:)``.
    func decodeData<Payload: EventPayload>(as payload: Payload.Type) throws -> Payload {
        guard type == Payload.eventType else {
            throw EventError.otherType(found: type, expected: Payload.eventType).rpcError
        }
        do {
            switch message.data {
            case .protoData(let packed):
                guard Self.isName(Payload.protoMessageName, in: packed.typeURL)
                else { throw EventError.otherMessage(packed.typeURL, Payload.protoMessageName) }
                return try Payload(serializedBytes: packed.value)
            case .binaryData(let bytes) where MediaType.isJSON(dataContentType):
                return try Payload(jsonUTF8Bytes: bytes)
            case .binaryData(let bytes):
                return try Payload(serializedBytes: bytes)
            case .textData(let text):
                guard MediaType.isJSON(dataContentType) else {
                    throw EventError.badData("text of media type \(dataContentType ?? "none")")
                }
                return try Payload(jsonString: text)
            case nil:
                throw EventError.badData("there is no body")
            }
        } catch let error as EventError {
            throw error.rpcError
        } catch {
            throw EventError.badData("\(error)").rpcError
        }
    }
}

extension EventEnvelope {
    /// Whether a type URL ends in `/` and the name of a message.
    private static func isName(_ name: String, in typeURL: String) -> Bool {
        var (url, name) = (typeURL, name)
        return url.withUTF8 { url in
            name.withUTF8 { name in
                let start = url.count - name.count
                guard start >= 0, start == 0 || url[start - 1] == UInt8(ascii: "/") else {
                    return false
                }
                return url[start...].elementsEqual(name)
            }
        }
    }
}

/// Media types that decide how a body is read.
enum MediaType {
    static let protobuf = "application/protobuf"
    static let typeURLPrefix = "type.googleapis.com/"

    /// Whether a body of this media type is JSON; without one it is (CloudEvents JSON §3.1.1).
    static func isJSON(_ mediaType: String?) -> Bool {
        guard let mediaType else { return true }
        let essence = essence(mediaType)
        return essence.hasSuffix("/json") || essence.hasSuffix("+json")
    }

    /// Whether a body of this media type is a serialised protobuf message.
    static func isProtobuf(_ mediaType: String) -> Bool { essence(mediaType) == protobuf }

    /// The media type without parameters, in lower case.
    private static func essence(_ mediaType: String) -> String {
        let bare = mediaType.prefix { $0 != ";" }
        return bare.trimmingCharacters(in: .whitespaces).lowercased()
    }
}
