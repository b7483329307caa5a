import Foundation

// Bytes to JSON, by descriptors: protobuf.dev/programming-guides/json.
extension DescriptorPool {
    /// Shows a serialised message as JSON on one line.
    ///
    /// Fields have the names of the `.proto` file and its order; what is not set, and what the
    /// descriptors do not know, is left out. 64-bit numbers are numbers, bytes are base64.
    ///
    /// - Parameters:
    ///   - bytes: The message.
    ///   - message: Its full name.
    /// - Returns: The JSON.
    /// - Throws: ``ReflectionError`` with the path to what cannot be read.
    public func json(
        of bytes: some Sequence<UInt8>, as message: String
    ) throws(ReflectionError) -> String {
        try json(Array(bytes)[...], as: message, depth: 0)
    }

    private func json(
        _ bytes: ArraySlice<UInt8>, as name: String, depth: Int
    ) throws(ReflectionError) -> String {
        guard depth < Self.maximumDepth else {
            throw ReflectionError("nested deeper than \(Self.maximumDepth)")
        }
        if let text = try WellKnownType.json(of: name, Array(bytes)) { return text }
        if name == "google.protobuf.Any" { return try anyJSON(bytes, depth: depth) }
        guard let type = messages[name] else {
            throw ReflectionError("no message \(name) is known")
        }
        let members = try members(of: bytes, type, depth)
        return "{\(members.joined(separator: ","))}"
    }

    /// The members of a message's JSON object.
    private func members(
        of bytes: ArraySlice<UInt8>, _ type: MessageType, _ depth: Int
    ) throws(ReflectionError) -> [String] {
        var values: [Int: [WireReader.Value]] = [:]
        var reader = WireReader(bytes)
        var lastOfOneof: [Int: Int] = [:]
        while let (number, value) = try reader.field() {
            guard let field = type.field(number: number) else { continue }
            if let oneof = field.oneof {
                if let other = lastOfOneof.updateValue(number, forKey: oneof), other != number {
                    values[other] = nil
                }
            }
            values[number, default: []].append(value)
        }
        var members: [String] = []
        for field in type.fields {
            guard let found = values[field.number], let last = found.last else { continue }
            do throws(ReflectionError) {
                let text: String
                if field.isRepeated, let entry = messages[field.typeName], entry.isMapEntry {
                    text = try map(found, entry, depth)
                } else if field.isRepeated {
                    text = try list(found, field, depth)
                } else {
                    text = try one(merged(found, field) ?? last, field, depth)
                }
                members.append("\(JSONValue.quoted(field.name)):\(text)")
            } catch {
                throw error.inside(".\(field.name)")
            }
        }
        return members
    }

    /// A message that comes in several pieces is one message of all their bytes.
    private func merged(
        _ values: [WireReader.Value], _ field: MessageType.Field
    ) -> WireReader.Value? {
        guard field.kind == .message, values.count > 1 else { return nil }
        var bytes: [UInt8] = []
        for case .delimited(let piece) in values { bytes += piece }
        return .delimited(bytes[...])
    }

    private func anyJSON(
        _ bytes: ArraySlice<UInt8>, depth: Int
    ) throws(ReflectionError) -> String {
        var url = ""
        var content: ArraySlice<UInt8> = []
        var reader = WireReader(bytes)
        while let (number, value) = try reader.field() {
            guard case .delimited(let bytes) = value else { continue }
            if number == 1 { url = String(decoding: bytes, as: UTF8.self) }
            if number == 2 { content = bytes }
        }
        let name = url.split(separator: "/").last.map(String.init) ?? ""
        let head = "\"@type\":\(JSONValue.quoted(url))"
        if let text = try WellKnownType.json(of: name, Array(content)) {
            return "{\(head),\"value\":\(text)}"
        }
        guard let type = messages[name] else {
            // Nobody here knows the message: its bytes are still worth seeing.
            return "{\(head),\"value\":\(JSONValue.quoted(Data(content).base64EncodedString()))}"
        }
        let rest = try members(of: content, type, depth + 1)
        return "{\(([head] + rest).joined(separator: ","))}"
    }

    private func list(
        _ values: [WireReader.Value], _ field: MessageType.Field, _ depth: Int
    ) throws(ReflectionError) -> String {
        var texts: [String] = []
        for value in values {
            // A reader takes packed and single values of the same field alike.
            if case .delimited(let bytes) = value, let type = field.kind.wireType {
                var reader = WireReader(bytes)
                while !reader.isAtEnd {
                    let element: WireReader.Value
                    switch type {
                    case .varint: element = .varint(try reader.varint())
                    case .fixed32: element = .fixed32(try reader.fixed32())
                    case .fixed64: element = .fixed64(try reader.fixed64())
                    case .delimited: throw ReflectionError("packed texts")
                    }
                    texts.append(try one(element, field, depth))
                }
            } else {
                texts.append(try one(value, field, depth))
            }
        }
        return "[\(texts.joined(separator: ","))]"
    }

    private func map(
        _ values: [WireReader.Value], _ entry: MessageType, _ depth: Int
    ) throws(ReflectionError) -> String {
        guard let keyField = entry.field(number: 1), let valueField = entry.field(number: 2) else {
            throw ReflectionError("\(entry.name) is no entry of a map")
        }
        var members: [(key: String, text: String)] = []
        for value in values {
            guard case .delimited(let bytes) = value else {
                throw ReflectionError("its bytes are not those of its type")
            }
            var key = keyField.kind.unset
            var content: WireReader.Value?
            var reader = WireReader(bytes)
            while let (number, found) = try reader.field() {
                if number == 1 { key = found }
                if number == 2 { content = found }
            }
            let text = try one(key, keyField, depth)
            let name = text.hasPrefix("\"") ? text : "\"\(text)\""
            // Of an entry that comes twice the last one counts.
            members.removeAll { $0.key == name }
            members.append((name, try one(content ?? valueField.kind.unset, valueField, depth)))
        }
        // Entries have no order of their own: so the same map always shows the same.
        members.sort { $0.key < $1.key }
        return "{\(members.map { "\($0.key):\($0.text)" }.joined(separator: ","))}"
    }

    private func one(
        _ value: WireReader.Value, _ field: MessageType.Field, _ depth: Int
    ) throws(ReflectionError) -> String {
        switch (field.kind, value) {
        case (.message, .delimited(let bytes)):
            return try json(bytes, as: field.typeName, depth: depth + 1)
        case (.string, .delimited(let bytes)):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ReflectionError("a text that is not UTF-8")
            }
            return JSONValue.quoted(text)
        case (.bytes, .delimited(let bytes)):
            return JSONValue.quoted(Data(bytes).base64EncodedString())
        case (.double, .fixed64(let bits)): return Self.text(Double(bitPattern: bits))
        case (.float, .fixed32(let bits)): return Self.text(Float(bitPattern: bits))
        case (.int32, .varint(let number)): return "\(Int32(truncatingIfNeeded: number))"
        case (.int64, .varint(let number)): return "\(Int64(bitPattern: number))"
        case (.uint32, .varint(let number)): return "\(UInt32(truncatingIfNeeded: number))"
        case (.uint64, .varint(let number)): return "\(number)"
        case (.sint32, .varint(let number)):
            let bits = UInt32(truncatingIfNeeded: number)
            return "\(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1))"
        case (.sint64, .varint(let number)):
            return "\(Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1))"
        case (.fixed32, .fixed32(let number)): return "\(number)"
        case (.sfixed32, .fixed32(let number)): return "\(Int32(bitPattern: number))"
        case (.fixed64, .fixed64(let number)): return "\(number)"
        case (.sfixed64, .fixed64(let number)): return "\(Int64(bitPattern: number))"
        case (.bool, .varint(let number)): return number == 0 ? "false" : "true"
        case (.enum, .varint(let number)):
            let number = Int32(truncatingIfNeeded: number)
            return enumerations[field.typeName]?.names[number].map(JSONValue.quoted) ?? "\(number)"
        default:
            throw ReflectionError("its bytes are not those of its type")
        }
    }

    private static func text<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ number: Number
    ) -> String {
        if number.isNaN { return "\"NaN\"" }
        guard number.isFinite else { return number < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
        return "\(number)"
    }
}

extension MessageType.Field.Kind {
    /// How one value is written where several are packed; `nil` for what is never packed.
    fileprivate var wireType: WireType? {
        switch self {
        case .string, .bytes, .message, .group: nil
        case .double, .fixed64, .sfixed64: .fixed64
        case .float, .fixed32, .sfixed32: .fixed32
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .bool, .enum: .varint
        }
    }

    /// The value of a field that is not there.
    fileprivate var unset: WireReader.Value {
        switch wireType {
        case .varint: .varint(0)
        case .fixed32: .fixed32(0)
        case .fixed64: .fixed64(0)
        case .delimited, nil: .delimited([])
        }
    }
}
