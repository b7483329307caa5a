internal import BaridSchema
internal import SwiftProtobuf

extension EventEnvelope {
    /// Checks that the event is a CloudEvent: the attributes it must have, names, and values.
    ///
    /// - Throws: `RPCError` with code `.invalidArgument` naming the first attribute that is wrong.
    public func validate() throws {
        do throws(EventError) {
            try checkAttributes()
        } catch {
            throw error.rpcError
        }
    }

    func checkAttributes() throws(EventError) {
        try EventFields(message).check()
        for (name, attribute) in message.extensions {
            try check(attribute, named: name)
        }
    }

    private func check(
        _ attribute: Barid_Bus_V1_Attribute, named name: String
    ) throws(EventError) {
        guard Self.isName(name) else { throw .badName(name) }
        guard !NamedAttribute.reserved.contains(name) else { throw .reservedName(name) }
        guard !NamedAttribute.isSet(name, in: message) else { throw .twice(attribute: name) }
        switch attribute.value {
        case .string(let text), .uri(let text), .uriReference(let text):
            try Self.check(text, of: name)
            // A named attribute of its own kind belongs into its field: two forms of one event
            // would have two bodies under one identity.
            if NamedAttribute.claims(attribute, named: name) {
                throw .badValue(attribute: name, "has a field of its own")
            }
        case .timestamp(let time):
            try Self.check(time, of: name)
            if NamedAttribute.claims(attribute, named: name) {
                throw .badValue(attribute: name, "has a field of its own")
            }
        case .boolean, .integer, .bytes: break
        case nil: throw .badValue(attribute: name, "has no value")
        }
    }

    /// CloudEvents §3.1.1, its advice on the length taken as a rule, and a letter first.
    static func isName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 20, (0x61...0x7a).contains(first) else {
            return false
        }
        return bytes.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }

    static func check(_ text: String, of attribute: String) throws(EventError) {
        // Nearly every attribute is printable ASCII, in which nothing can be wrong.
        var text = text
        let isPlain = text.withUTF8 { utf8 in
            var others: UInt8 = 0
            for byte in utf8 { others |= byte &- 0x20 > 0x5e ? 1 : 0 }
            return others == 0
        }
        guard !isPlain else { return }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0...0x1f, 0x7f...0x9f, 0xfdd0...0xfdef:
                throw .badValue(attribute: attribute, "has a control character")
            case let value where value & 0xfffe == 0xfffe:
                throw .badValue(attribute: attribute, "has a noncharacter")
            default: continue
            }
        }
    }

    static func check(
        _ time: Google_Protobuf_Timestamp, of attribute: String
    ) throws(EventError) {
        guard Timestamps.isValid(time) else {
            throw .badValue(attribute: attribute, "is not a time of the years 1 to 9999")
        }
    }
}

/// The attributes that have a field of their own in `barid.bus.v1.Event`.
///
/// The rule that makes every mapping lossless: the field is used if and only if the attribute has
/// the kind CloudEvents gives it and is not empty; otherwise it stays among the extensions.
enum NamedAttribute {
    struct Text {
        var name: String
        var path: any WritableKeyPath<Barid_Bus_V1_Event, String> & Sendable
        /// `dataschema` is a URI, everything else a string.
        var isURI = false
        /// Has a message field that also extensions could clash with.
        var isRequired = false
    }

    static let text: [Text] = [
        Text(name: "id", path: \.id, isRequired: true),
        Text(name: "source", path: \.source, isRequired: true),
        Text(name: "type", path: \.type, isRequired: true),
        Text(name: "subject", path: \.subject),
        Text(name: "datacontenttype", path: \.dataContentType),
        Text(name: "dataschema", path: \.dataSchema, isURI: true),
        Text(name: "partitionkey", path: \.partitionKey),
        Text(name: "traceparent", path: \.traceparent),
        Text(name: "tracestate", path: \.tracestate),
        Text(name: "causationid", path: \.causationID),
        Text(name: "correlationid", path: \.correlationID),
    ]

    static let optionalText = text.filter { !$0.isRequired }

    /// Never names of extensions.
    static let reserved: Set<String> = [
        "id", "source", "type", "specversion", "data", "database64",
    ]

    static func isSet(_ name: String, in message: Barid_Bus_V1_Event) -> Bool {
        switch name {
        case "time": message.hasTime
        case "expirytime": message.hasExpiryTime
        default:
            text.contains { $0.name == name && !message[keyPath: $0.path].isEmpty }
        }
    }

    /// Whether this attribute belongs into its field.
    static func claims(_ attribute: Barid_Bus_V1_Attribute, named name: String) -> Bool {
        switch attribute.value {
        case .timestamp: name == "time" || name == "expirytime"
        case .string(let text):
            !text.isEmpty && optionalText.contains { $0.name == name && !$0.isURI }
        case .uri(let text):
            !text.isEmpty && optionalText.contains { $0.name == name && $0.isURI }
        case .boolean, .integer, .bytes, .uriReference, nil: false
        }
    }

    /// Puts an attribute into its field.
    static func assign(
        _ attribute: Barid_Bus_V1_Attribute, named name: String,
        to message: inout Barid_Bus_V1_Event
    ) {
        switch attribute.value {
        case .timestamp(let time) where name == "time": message.time = time
        case .timestamp(let time): message.expiryTime = time
        case .string(let text), .uri(let text):
            guard let named = optionalText.first(where: { $0.name == name }) else { return }
            message[keyPath: named.path] = text
        case .boolean, .integer, .bytes, .uriReference, nil: return
        }
    }
}
