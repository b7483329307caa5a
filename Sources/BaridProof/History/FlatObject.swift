/// Writes one JSON object of strings, integers and flags.
struct FlatObjectWriter {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// The object.
    var text: String { String(decoding: bytes + [UInt8(ascii: "}")], as: UTF8.self) }

    /// Adds a string; left out when empty.
    mutating func add(_ name: String, _ value: String) {
        guard !value.isEmpty else { return }
        begin(name)
        quote(value)
    }

    mutating func add(_ name: String, _ value: Int64) {
        begin(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func add(_ name: String, _ value: Bool) {
        begin(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func add(_ name: String, _ values: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            quote(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func begin(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        quote(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                for digit in [byte >> 4, byte & 15] {
                    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                }
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Reads one JSON object of strings, integers, flags and lists of strings, field by field.
///
/// Nothing nests, so a line costs no more than its length, whoever wrote it.
struct FlatObjectReader {
    enum Value {
        case string(String)
        case integer(Int64)
        case bool(Bool)
        case strings([String])
        /// A number that is no integer, or null: good for fields that are passed over.
        case other
    }

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    private var began = false
    private var ended = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next field; `nil` after the last one.
    mutating func next() throws(HistoryError.Reason) -> (name: String, value: Value)? {
        guard !ended else { return nil }
        if !began {
            try expect(UInt8(ascii: "{"))
            began = true
            if take(UInt8(ascii: "}")) { return try finish() }
        } else if take(UInt8(ascii: "}")) {
            return try finish()
        } else {
            try expect(UInt8(ascii: ","))
        }
        let name = try string()
        try expect(UInt8(ascii: ":"))
        return (name, try value())
    }

    private mutating func finish() throws(HistoryError.Reason) -> (String, Value)? {
        ended = true
        skipSpace()
        guard index == bytes.count else { throw .syntax(column: index + 1) }
        return nil
    }

    private mutating func value() throws(HistoryError.Reason) -> Value {
        skipSpace()
        guard index < bytes.count else { throw .syntax(column: index + 1) }
        switch bytes[index] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["): return .strings(try list())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            for (word, value) in [
                ("true", Value.bool(true)), ("false", .bool(false)), ("null", .other),
            ]
            where bytes[index...].starts(with: word.utf8) {
                index += word.utf8.count
                return value
            }
            throw .syntax(column: index + 1)
        }
    }

    private mutating func list() throws(HistoryError.Reason) -> [String] {
        try expect(UInt8(ascii: "["))
        var values: [String] = []
        if take(UInt8(ascii: "]")) { return values }
        while true {
            values.append(try string())
            if take(UInt8(ascii: "]")) { return values }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func number() throws(HistoryError.Reason) -> Value {
        let start = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
                index += 1
                continue
            default: break
            }
            break
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if let integer = Int64(text) { return .integer(integer) }
        guard Double(text) != nil else { throw .syntax(column: start + 1) }
        return .other
    }

    private mutating func string() throws(HistoryError.Reason) -> String {
        try expect(UInt8(ascii: "\""))
        let start = index
        var escaped: [UInt8]?
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                let text =
                    escaped.map { String(validating: $0, as: UTF8.self) }
                    ?? String(validating: bytes[start..<index], as: UTF8.self)
                guard let text else { throw .syntax(column: start + 1) }
                index += 1
                return text
            case UInt8(ascii: "\\"):
                if escaped == nil { escaped = Array(bytes[start..<index]) }
                index += 1
                escaped?.append(contentsOf: try escape())
            case 0..<0x20: throw .syntax(column: index + 1)
            default:
                escaped?.append(byte)
                index += 1
            }
        }
        throw .syntax(column: index + 1)
    }

    /// The bytes that an escape stands for; its backslash is behind us.
    private mutating func escape() throws(HistoryError.Reason) -> [UInt8] {
        guard index < bytes.count else { throw .syntax(column: index + 1) }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if (0xD800..<0xDC00).contains(scalar) {
                guard bytes[index...].starts(with: "\\u".utf8) else {
                    throw .syntax(column: index + 1)
                }
                index += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw .syntax(column: index + 1) }
                scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw .syntax(column: index + 1) }
            return Array(String(Character(unicode)).utf8)
        default: throw .syntax(column: index)
        }
    }

    private mutating func hexadecimal() throws(HistoryError.Reason) -> UInt32 {
        guard bytes.count - index >= 4 else { throw .syntax(column: index + 1) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw .syntax(column: index + 1)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(HistoryError.Reason) {
        guard take(byte) else { throw .syntax(column: index + 1) }
    }
}

extension FlatObjectReader.Value {
    func string(_ name: String) throws(HistoryError.Reason) -> String {
        guard case .string(let value) = self else { throw .kind(name, "a string") }
        return value
    }

    func integer(_ name: String) throws(HistoryError.Reason) -> Int64 {
        guard case .integer(let value) = self else { throw .kind(name, "an integer") }
        return value
    }

    func natural(_ name: String) throws(HistoryError.Reason) -> UInt64 {
        guard case .integer(let value) = self, let natural = UInt64(exactly: value) else {
            throw .kind(name, "an integer of at least 0")
        }
        return natural
    }

    func bool(_ name: String) throws(HistoryError.Reason) -> Bool {
        guard case .bool(let value) = self else { throw .kind(name, "true or false") }
        return value
    }

    func strings(_ name: String) throws(HistoryError.Reason) -> [String] {
        guard case .strings(let value) = self else { throw .kind(name, "a list of strings") }
        return value
    }
}
