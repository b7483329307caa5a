import SwiftProtobuf

/// The messages whose JSON is not that of their fields: the library knows it.
enum WellKnownType {
    static func json(of name: String, _ bytes: [UInt8]) throws(ReflectionError) -> String? {
        guard let type = types[name] else { return nil }
        do {
            return try type.init(serializedBytes: bytes).jsonString()
        } catch {
            throw ReflectionError("no \(name): \(error)")
        }
    }

    static func bytes(of name: String, json: JSONValue) throws(ReflectionError) -> [UInt8]? {
        guard let type = types[name] else { return nil }
        do {
            return try type.init(jsonString: json.text).serializedBytes()
        } catch {
            throw ReflectionError("\(json.kind) is no \(name): \(error)")
        }
    }

    /// Whether `null` is a value of this type, and not the lack of one.
    static func takesNull(_ name: String) -> Bool { name == "google.protobuf.Value" }

    private static let types: [String: any Message.Type] = {
        let types: [any Message.Type] = [
            Google_Protobuf_Timestamp.self, Google_Protobuf_Duration.self,
            Google_Protobuf_Struct.self, Google_Protobuf_Value.self,
            Google_Protobuf_ListValue.self, Google_Protobuf_FieldMask.self,
            Google_Protobuf_DoubleValue.self, Google_Protobuf_FloatValue.self,
            Google_Protobuf_Int64Value.self, Google_Protobuf_UInt64Value.self,
            Google_Protobuf_Int32Value.self, Google_Protobuf_UInt32Value.self,
            Google_Protobuf_BoolValue.self, Google_Protobuf_StringValue.self,
            Google_Protobuf_BytesValue.self, Google_Protobuf_Empty.self,
        ]
        return Dictionary(
            types.map { ($0.protoMessageName, $0) }, uniquingKeysWith: { first, _ in first })
    }()
}
