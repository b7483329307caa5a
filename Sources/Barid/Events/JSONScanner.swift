/// A strict reader of JSON bytes that hands out values verbatim: no recursion, no number rounding.
struct JSONScanner {
    /// Deeper nesting is refused.
    static let maximumDepth = 128

    enum Value: Equatable {
        case string(String)
        /// As written.
        case number(String)
        case boolean(Bool)
        case null
        /// An object or array; see the member's raw bytes.
        case container
    }

    struct Member {
        var name: String
        var value: Value
        /// The bytes of the value as they stand.
        var raw: ArraySlice<UInt8>
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The members of the one object that these bytes are; a name may stand once only.
    static func members(of bytes: ArraySlice<UInt8>) throws(EventError) -> [Member] {
        var scanner = JSONScanner(bytes)
        return try scanner.object()
    }

    /// Whether these bytes are one JSON value.
    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        var scanner = JSONScanner(bytes)
        do throws(EventError) {
            _ = try scanner.value()
            try scanner.end()
            return true
        } catch {
            return false
        }
    }

    private mutating func object() throws(EventError) -> [Member] {
        var members: [Member] = []
        var names: Set<[UInt8]> = []
        try expect(UInt8(ascii: "{"))
        if peek() == UInt8(ascii: "}") {
            position += 1
        } else {
            repeat {
                guard peek() == UInt8(ascii: "\"") else { throw fail("a name is missing") }
                let name = try string()
                guard names.insert(Array(name.utf8)).inserted else {
                    throw .twice(attribute: name)
                }
                try expect(UInt8(ascii: ":"))
                _ = peek()
                let start = position
                let value = try value()
                members.append(Member(name: name, value: value, raw: bytes[start..<position]))
            } while try more(until: UInt8(ascii: "}"))
        }
        try end()
        return members
    }

    /// Reads one value of any shape, keeping the stack of open containers itself.
    private mutating func value() throws(EventError) -> Value {
        guard let first = peek() else { throw fail("a value is missing") }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return try scalar() }
        var open: [UInt8] = []
        while true {
            // Here a value begins.
            switch peek() {
            case UInt8(ascii: "{"):
                position += 1
                open.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["):
                position += 1
                open.append(UInt8(ascii: "]"))
            default:
                _ = try scalar()
                guard try close(&open) else { return .container }
                continue
            }
            guard open.count <= Self.maximumDepth else { throw fail("nested too deep") }
            if peek() == open.last {
                position += 1
                open.removeLast()
                guard try close(&open) else { return .container }
            } else if open.last == UInt8(ascii: "}") {
                try name()
            }
        }
    }

    /// After a value: steps to the next one; false when the outermost container is closed.
    private mutating func close(_ open: inout [UInt8]) throws(EventError) -> Bool {
        while let end = open.last {
            if try more(until: end) {
                if end == UInt8(ascii: "}") { try name() }
                return true
            }
            open.removeLast()
        }
        return false
    }

    private mutating func name() throws(EventError) {
        guard peek() == UInt8(ascii: "\"") else { throw fail("a name is missing") }
        _ = try string()
        try expect(UInt8(ascii: ":"))
    }

    private mutating func more(until end: UInt8) throws(EventError) -> Bool {
        switch peek() {
        case UInt8(ascii: ","):
            position += 1
            return true
        case end:
            position += 1
            return false
        default: throw fail("neither a comma nor an end")
        }
    }

    private mutating func scalar() throws(EventError) -> Value {
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: Value) throws(EventError) -> Value {
        guard bytes[position...].starts(with: word.utf8) else { throw fail("not a value") }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws(EventError) -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(EventError) {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw fail("not a value") }
    }

    private mutating func string() throws(EventError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw fail("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fail("a control character in a string")
            default: text.append(byte)
            }
        }
        throw fail("a string has no end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(EventError) {
        guard let byte = current else { throw fail("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var value = try codeUnit()
            if (0xd800...0xdbff).contains(value) {
                guard bytes[position...].starts(with: "\\u".utf8) else {
                    throw fail("a lone surrogate")
                }
                position += 2
                let low = try codeUnit()
                guard (0xdc00...0xdfff).contains(low) else { throw fail("a lone surrogate") }
                value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw fail("a lone surrogate") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw fail("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(EventError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw fail("an unknown escape") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func expect(_ byte: UInt8) throws(EventError) {
        guard peek() == byte else { throw fail("expected \(Character(Unicode.Scalar(byte)))") }
        position += 1
    }

    private mutating func end() throws(EventError) {
        guard peek() == nil else { throw fail("something follows the value") }
    }

    /// The next byte that is not white space.
    private mutating func peek() -> UInt8? {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return byte
            }
        }
        return nil
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private func fail(_ why: String) -> EventError {
        .badJSON(offset: position - bytes.startIndex, why)
    }
}
