import Foundation

// JSON to bytes, by descriptors: protobuf.dev/programming-guides/json.
extension DescriptorPool {
    /// Deeper nesting is refused.
    ///
    /// 100 is what protobuf's own libraries take.
    public static let maximumDepth = 100

    /// Serialises a message given in JSON.
    ///
    /// - Parameters:
    ///   - json: The message; fields by the names of the `.proto` file or of its JSON.
    ///   - message: The message's full name.
    /// - Returns: Its bytes.
    /// - Throws: ``ReflectionError`` with the path to what does not fit.
    public func encode(json: String, as message: String) throws(ReflectionError) -> [UInt8] {
        try encode(try JSONValue(json), as: message, depth: 0)
    }

    private func encode(
        _ value: JSONValue, as name: String, depth: Int
    ) throws(ReflectionError) -> [UInt8] {
        guard depth < Self.maximumDepth else {
            throw ReflectionError("nested deeper than \(Self.maximumDepth)")
        }
        if let bytes = try WellKnownType.bytes(of: name, json: value) { return bytes }
        if name == "google.protobuf.Any" { return try encodeAny(value, depth: depth) }
        guard let type = messages[name] else {
            throw ReflectionError("no message \(name) is known")
        }
        guard case .object(let members) = value else {
            throw ReflectionError("\(value.kind), where an object (\(name)) is due")
        }
        var writer = WireWriter()
        var given: [Int: String] = [:]
        // By number, so that the same JSON gives the same bytes.
        var sorted: [(field: MessageType.Field, name: String, value: JSONValue)] = []
        for (name, value) in members {
            guard let field = type.field(named: name) else {
                let known = type.fields.map(\.name).joined(separator: ", ")
                throw ReflectionError(
                    "\(type.name) has no field \(name)"
                        + (known.isEmpty ? "" : "; it has: \(known)"))
            }
            sorted.append((field, name, value))
        }
        sorted.sort { ($0.field.number, $0.name) < ($1.field.number, $1.name) }
        var last = 0
        for (field, name, value) in sorted {
            guard field.number != last else { throw ReflectionError("\(name) is there twice") }
            last = field.number
            if value == .null, !WellKnownType.takesNull(field.typeName) { continue }
            if let oneof = field.oneof {
                if let other = given.updateValue(name, forKey: oneof) {
                    throw ReflectionError("\(other) and \(name) exclude one another")
                }
            }
            do throws(ReflectionError) {
                try encode(value, field, depth, into: &writer)
            } catch {
                throw error.inside(".\(name)")
            }
        }
        return writer.bytes
    }

    /// `{"@type": URL, ...}`: the fields of the message stand beside its type.
    private func encodeAny(
        _ value: JSONValue, depth: Int
    ) throws(ReflectionError) -> [UInt8] {
        guard case .object(var members) = value, case .text(let url)? = members["@type"] else {
            throw ReflectionError("an Any is an object with the member @type")
        }
        members["@type"] = nil
        let name = url.split(separator: "/").last.map(String.init) ?? ""
        let isSpecial = try WellKnownType.bytes(of: name, json: members["value"] ?? .null) != nil
        let content: [UInt8]
        if isSpecial {
            content = try encode(members["value"] ?? .null, as: name, depth: depth + 1)
        } else if messages[name] == nil, members.count == 1,
            case .text(let text)? = members["value"], let bytes = Data(base64Encoded: text)
        {
            // Of a message that nobody here knows the bytes are shown.
            content = [UInt8](bytes)
        } else {
            content = try encode(.object(members), as: name, depth: depth + 1)
        }
        var writer = WireWriter()
        writer.tag(1, .delimited)
        writer.delimited(url.utf8)
        writer.tag(2, .delimited)
        writer.delimited(content)
        return writer.bytes
    }

    private func encode(
        _ value: JSONValue, _ field: MessageType.Field, _ depth: Int,
        into writer: inout WireWriter
    ) throws(ReflectionError) {
        if field.isRepeated, let entry = messages[field.typeName], entry.isMapEntry {
            return try encodeMap(value, field, entry, depth, into: &writer)
        }
        guard field.isRepeated else { return try encodeOne(value, field, depth, into: &writer) }
        guard case .list(let values) = value else {
            throw ReflectionError("\(value.kind), where a list is due")
        }
        var packed = WireWriter()
        for (index, value) in values.enumerated() {
            do throws(ReflectionError) {
                if field.isPacked {
                    try encodeScalar(value, field, into: &packed)
                } else {
                    try encodeOne(value, field, depth, into: &writer)
                }
            } catch {
                throw error.inside("[\(index)]")
            }
        }
        if field.isPacked, !values.isEmpty {
            writer.tag(field.number, .delimited)
            writer.delimited(packed.bytes)
        }
    }

    private func encodeMap(
        _ value: JSONValue, _ field: MessageType.Field, _ entry: MessageType, _ depth: Int,
        into writer: inout WireWriter
    ) throws(ReflectionError) {
        guard case .object(let members) = value, let keyField = entry.field(number: 1),
            let valueField = entry.field(number: 2)
        else { throw ReflectionError("\(value.kind), where an object is due") }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            var content = WireWriter()
            do throws(ReflectionError) {
                let text: JSONValue =
                    switch (keyField.kind, key) {
                    case (.bool, "true"): .boolean(true)
                    case (.bool, "false"): .boolean(false)
                    default: .text(key)
                    }
                try encodeOne(text, keyField, depth, into: &content)
                try encodeOne(value, valueField, depth, into: &content)
            } catch {
                throw error.inside("[\(JSONValue.quoted(key))]")
            }
            writer.tag(field.number, .delimited)
            writer.delimited(content.bytes)
        }
    }

    private func encodeOne(
        _ value: JSONValue, _ field: MessageType.Field, _ depth: Int,
        into writer: inout WireWriter
    ) throws(ReflectionError) {
        switch field.kind {
        case .message:
            let content = try encode(value, as: field.typeName, depth: depth + 1)
            writer.tag(field.number, .delimited)
            writer.delimited(content)
        case .group:
            throw ReflectionError("groups are not supported")
        case .string:
            guard case .text(let text) = value else { throw Self.wrong(value, "a text") }
            writer.tag(field.number, .delimited)
            writer.delimited(text.utf8)
        case .bytes:
            guard case .text(let text) = value, let bytes = Self.bytes(base64: text) else {
                throw Self.wrong(value, "bytes in base64")
            }
            writer.tag(field.number, .delimited)
            writer.delimited(bytes)
        case .double, .fixed64, .sfixed64:
            writer.tag(field.number, .fixed64)
            try encodeScalar(value, field, into: &writer)
        case .float, .fixed32, .sfixed32:
            writer.tag(field.number, .fixed32)
            try encodeScalar(value, field, into: &writer)
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .bool, .enum:
            writer.tag(field.number, .varint)
            try encodeScalar(value, field, into: &writer)
        }
    }

    private func encodeScalar(
        _ value: JSONValue, _ field: MessageType.Field, into writer: inout WireWriter
    ) throws(ReflectionError) {
        switch field.kind {
        case .double: writer.fixed64(try Self.double(value).bitPattern)
        case .float:
            let number = try Self.double(value)
            let float = Float(number)
            guard float.isFinite || !number.isFinite else { throw Self.wrong(value, "a float") }
            writer.fixed32(float.bitPattern)
        case .int32:
            writer.varint(UInt64(bitPattern: Int64(try Self.whole(value, Int32.self))))
        case .int64: writer.varint(UInt64(bitPattern: try Self.whole(value, Int64.self)))
        case .uint32: writer.varint(UInt64(try Self.whole(value, UInt32.self)))
        case .uint64: writer.varint(try Self.whole(value, UInt64.self))
        case .sint32:
            let number = try Self.whole(value, Int32.self)
            writer.varint(UInt64(UInt32(bitPattern: (number << 1) ^ (number >> 31))))
        case .sint64:
            let number = try Self.whole(value, Int64.self)
            writer.varint(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
        case .fixed32: writer.fixed32(try Self.whole(value, UInt32.self))
        case .sfixed32: writer.fixed32(UInt32(bitPattern: try Self.whole(value, Int32.self)))
        case .fixed64: writer.fixed64(try Self.whole(value, UInt64.self))
        case .sfixed64: writer.fixed64(UInt64(bitPattern: try Self.whole(value, Int64.self)))
        case .bool:
            guard case .boolean(let flag) = value else { throw Self.wrong(value, "true or false") }
            writer.varint(flag ? 1 : 0)
        case .enum:
            writer.varint(UInt64(bitPattern: Int64(try enumeration(value, field.typeName))))
        case .string, .bytes, .message, .group:
            throw ReflectionError("\(field.name) is not a number")
        }
    }

    private func enumeration(
        _ value: JSONValue, _ name: String
    ) throws(ReflectionError) -> Int32 {
        guard case .text(let text) = value else { return try Self.whole(value, Int32.self) }
        guard let number = enumerations[name]?.numbers[text] else {
            let known = enumerations[name]?.numbers.keys.sorted().joined(separator: ", ") ?? ""
            throw ReflectionError("\(text) is none of: \(known)")
        }
        return number
    }

    // MARK: Values

    private static func wrong(_ value: JSONValue, _ due: String) -> ReflectionError {
        ReflectionError("\(value.kind), where \(due) is due")
    }

    /// A whole number, also as text and as a number that is whole (1.0, 1e3).
    private static func whole<Number: FixedWidthInteger>(
        _ value: JSONValue, _ type: Number.Type
    ) throws(ReflectionError) -> Number {
        let number: Number? =
            switch value {
            case .signed(let number): Number(exactly: number)
            case .unsigned(let number): Number(exactly: number)
            case .number(let number): Number(exactly: number)
            case .text(let text): Number(text)
            case .null, .boolean, .list, .object: nil
            }
        guard let number else { throw wrong(value, "a whole number that fits \(type)") }
        return number
    }

    private static func double(_ value: JSONValue) throws(ReflectionError) -> Double {
        switch value {
        case .signed(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        case .number(let number): return number
        case .text("NaN"): return .nan
        case .text("Infinity"): return .infinity
        case .text("-Infinity"): return -.infinity
        case .text(let text):
            guard let number = Double(text), number.isFinite else { throw wrong(value, "a number") }
            return number
        case .null, .boolean, .list, .object: throw wrong(value, "a number")
        }
    }

    /// Both alphabets of base64, with or without its ending.
    private static func bytes(base64 text: String) -> [UInt8]? {
        var plain = text.replacing("-", with: "+").replacing("_", with: "/")
        while plain.utf8.count % 4 != 0 { plain += "=" }
        return Data(base64Encoded: plain).map(Array.init)
    }
}
