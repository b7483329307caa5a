/// Reads the values of a plugin's settings into a struct of its own.
///
/// Each property is a setting: `minimumWords` reads `minimum-words`. Numbers, flags, texts,
/// `Duration`, and enumerations of texts are read; an optional property is `nil` when there is no
/// such setting.
struct SettingsDecoder: Decoder {
    let values: [String: String]
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(SettingsContainer<Key>(values: values))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw Self.unsupported("settings are read into a struct, not a list", [])
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw Self.unsupported("settings are read into a struct, not a single value", [])
    }

    static func unsupported(_ text: String, _ path: [any CodingKey]) -> DecodingError {
        .typeMismatch(
            [String: String].self, DecodingError.Context(codingPath: path, debugDescription: text))
    }

    /// `minimumWords` as `minimum-words`.
    static func settingName(of property: String) -> String {
        var name = ""
        for character in property {
            if character.isUppercase {
                name += "-" + character.lowercased()
            } else {
                name.append(character)
            }
        }
        return name
    }
}

/// All settings, by property.
private struct SettingsContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: [String: String]
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { values.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool {
        values[SettingsDecoder.settingName(of: key.stringValue)] != nil
    }

    func decodeNil(forKey key: Key) -> Bool { !contains(key) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let name = SettingsDecoder.settingName(of: key.stringValue)
        guard let text = values[name] else {
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(
                    codingPath: [key],
                    debugDescription: "plugin.yaml has no setting \(name)"))
        }
        if type == Duration.self {
            guard let duration = Duration(setting: text), let value = duration as? Value else {
                throw SettingsValue.mismatch(text, "a time such as 30s", [key])
            }
            return value
        }
        return try Value(from: SettingsValue(text: text, codingPath: [key]))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw SettingsDecoder.unsupported("a setting holds no others", [key])
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SettingsDecoder.unsupported("a setting is no list", [key])
    }

    func superDecoder() throws -> any Decoder {
        throw SettingsDecoder.unsupported("settings have no parent", [])
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        throw SettingsDecoder.unsupported("settings have no parent", [key])
    }
}

/// The text of one setting.
private struct SettingsValue: Decoder, SingleValueDecodingContainer {
    let text: String
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        throw SettingsDecoder.unsupported("a setting holds no others", codingPath)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SettingsDecoder.unsupported("a setting is no list", codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { false }

    func decode(_ type: String.Type) -> String { text }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch text {
        case "true": true
        case "false": false
        default: throw Self.mismatch(text, "true or false", codingPath)
        }
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = Double(text), value.isFinite else {
            throw Self.mismatch(text, "a number", codingPath)
        }
        return value
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: self)
    }

    // The integers the protocol asks for by name all go one way.
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try whole(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }

    private func whole<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        guard let value = Value(text) else {
            throw Self.mismatch(text, "a whole number that fits \(type)", codingPath)
        }
        return value
    }

    static func mismatch(
        _ text: String, _ what: String, _ path: [any CodingKey]
    ) -> DecodingError {
        let name = path.last.map { SettingsDecoder.settingName(of: $0.stringValue) } ?? ""
        return .dataCorrupted(
            DecodingError.Context(
                codingPath: path,
                debugDescription: "setting \(name): \"\(text)\" is not \(what)"))
    }
}
