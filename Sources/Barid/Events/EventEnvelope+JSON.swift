internal import BaridSchema
internal import Foundation
internal import SwiftProtobuf

extension EventEnvelope {
    /// Reads an event in the CloudEvents JSON format; Protocols/3-events.md §7.
    ///
    /// - Parameter json: One JSON object in UTF-8.
    /// - Throws: `RPCError` with code `.invalidArgument` naming what is wrong and where.
    public init(json: [UInt8]) throws {
        do throws(EventError) {
            try self.init(scanning: json)
        } catch {
            throw error.rpcError
        }
    }

    /// The event in the CloudEvents JSON format.
    ///
    /// - Parameter onOneLine: Whether line breaks between the tokens of a JSON body become blanks,
    ///   so that the result is a line. The default is true.
    /// - Returns: A JSON object, its members in a fixed order.
    /// - Throws: `RPCError` with code `.invalidArgument` if the event is not a valid CloudEvent or
    ///   its body cannot be said in JSON.
    public func json(onOneLine: Bool = true) throws -> [UInt8] {
        do throws(EventError) {
            var json = try written()
            if onOneLine {
                for index in json.indices where json[index] == 0x0a || json[index] == 0x0d {
                    json[index] = 0x20
                }
            }
            return json
        } catch {
            throw error.rpcError
        }
    }

    init(scanning json: [UInt8]) throws(EventError) {
        self.init(Barid_Bus_V1_Event())
        var specVersion: String?
        var data: JSONScanner.Member?
        var base64: String?
        for member in try JSONScanner.members(of: json[...]) {
            switch (member.name, member.value) {
            case ("data", _): data = member
            case (_, .null): continue
            case ("specversion", .string(let text)): specVersion = text
            case ("id", .string(let text)): id = text
            case ("source", .string(let text)): source = text
            case ("type", .string(let text)): type = text
            case ("data_base64", .string(let text)): base64 = text
            case ("id", _), ("source", _), ("type", _), ("specversion", _), ("data_base64", _):
                throw .badValue(attribute: member.name, "is not a string")
            default: try assign(member)
            }
        }
        guard specVersion == "1.0" else { throw .specVersion(specVersion ?? "") }
        try checkAttributes()
        try assign(data: data, base64: base64)
    }

    private mutating func assign(_ member: JSONScanner.Member) throws(EventError) {
        var attribute = Barid_Bus_V1_Attribute()
        switch member.value {
        case .string(let text):
            switch member.name {
            case "time":
                guard let time = Timestamps.parse(text) else {
                    throw .badValue(attribute: "time", "is not an RFC 3339 time")
                }
                attribute.timestamp = time
            case "expirytime":
                // A text that is no time keeps its kind, as an extension.
                if let time = Timestamps.parse(text) {
                    attribute.timestamp = time
                } else {
                    attribute.string = text
                }
            case "dataschema": attribute.uri = text
            default: attribute.string = text
            }
        case .boolean(let boolean): attribute.boolean = boolean
        case .number(let text):
            guard let integer = Int32(text) else {
                throw .badValue(attribute: member.name, "is not an integer of 32 bits")
            }
            attribute.integer = integer
        case .null: return
        case .container: throw .badValue(attribute: member.name, "is neither text nor number")
        }
        if NamedAttribute.claims(attribute, named: member.name) {
            NamedAttribute.assign(attribute, named: member.name, to: &message)
        } else {
            message.extensions[member.name] = attribute
        }
    }

    private mutating func assign(
        data: JSONScanner.Member?, base64: String?
    ) throws(EventError) {
        switch (data, base64) {
        case (nil, nil): return
        case (.some, .some): throw .badData("there are both data and data_base64")
        case (nil, .some(let base64)):
            guard let bytes = Data(base64Encoded: base64) else {
                throw .badData("data_base64 is not base64")
            }
            if let mediaType = dataContentType, MediaType.isProtobuf(mediaType),
                let schema = dataSchema, schema.hasPrefix(MediaType.typeURLPrefix)
            {
                message.protoData.typeURL = schema
                message.protoData.value = bytes
            } else {
                message.binaryData = bytes
            }
        case (.some(let data), nil):
            if MediaType.isJSON(dataContentType) {
                guard let text = String(validating: data.raw, as: UTF8.self) else {
                    throw .badData("data is not UTF-8")
                }
                message.textData = text
            } else if case .string(let text) = data.value {
                message.textData = text
            } else {
                throw .badData("data of media type \(dataContentType ?? "") is not a string")
            }
        }
    }

    func written() throws(EventError) -> [UInt8] {
        var event = self
        if case .protoData(let packed) = message.data {
            // JSON says the kind of a packed message by media type and schema, so both must fit.
            if event.message.dataContentType.isEmpty {
                event.message.dataContentType = MediaType.protobuf
            }
            if event.message.dataSchema.isEmpty { event.message.dataSchema = packed.typeURL }
            guard MediaType.isProtobuf(event.message.dataContentType),
                event.message.dataSchema == packed.typeURL
            else { throw .badData("its media type or schema is not that of the packed message") }
        }
        try event.checkAttributes()
        var json = JSONWriter()
        json.member("specversion", string: "1.0")
        json.member("id", string: id)
        json.member("source", string: source)
        json.member("type", string: type)
        for (name, attribute) in event.attributes {
            switch attribute.value {
            case .boolean(let boolean): json.member(name, raw: (boolean ? "true" : "false").utf8)
            case .integer(let integer): json.member(name, raw: String(integer).utf8)
            case .string(let text), .uri(let text), .uriReference(let text):
                json.member(name, string: text)
            case .bytes(let bytes): json.member(name, string: bytes.base64EncodedString())
            case .timestamp(let time): json.member(name, string: Timestamps.text(time))
            case nil: continue
            }
        }
        switch message.data {
        case .binaryData(let bytes):
            json.member("data_base64", string: bytes.base64EncodedString())
        case .protoData(let packed):
            json.member("data_base64", string: packed.value.base64EncodedString())
        case .textData(let text) where !MediaType.isJSON(dataContentType):
            json.member("data", string: text)
        case .textData(let text):
            if JSONScanner.isValid(Array(text.utf8)[...]) {
                json.member("data", raw: text.utf8)
            } else {
                json.member("data_base64", string: Data(text.utf8).base64EncodedString())
            }
        case nil: break
        }
        return json.finish()
    }
}

/// Writes one JSON object, member by member.
private struct JSONWriter {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func member(_ name: String, string: String) {
        begin(name)
        write(string)
    }

    mutating func member(_ name: String, raw: some Sequence<UInt8>) {
        begin(name)
        bytes.append(contentsOf: raw)
    }

    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        write(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func write(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [0x5c, byte])
            case 0x0a: bytes.append(contentsOf: "\\n".utf8)
            case 0x0d: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00\(byte < 16 ? "0" : "")".utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
