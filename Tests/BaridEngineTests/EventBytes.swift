/// Serialised events for tests, written by hand so that the engine's scan has an independent
/// opposite.
enum EventBytes {
    static func make(
        id: String, source: String = "urn:test", type: String = "news.test.happened.v1",
        subject: String = "", key: String = "", expirySeconds: Int64? = nil, data: String = "body"
    ) -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        for (number, text) in [(1, id), (2, source), (3, type), (4, subject), (5, key)]
        where !text.isEmpty {
            field(number, Array(text.utf8), into: &bytes)
        }
        if let expirySeconds {
            var nested: [UInt8] = [0x08]
            varint(UInt64(bitPattern: expirySeconds), into: &nested)
            field(6, nested, into: &bytes)
        }
        field(15, Array(data.utf8), into: &bytes)
        return bytes[...]
    }

    static func field(_ number: Int, _ payload: [UInt8], into bytes: inout [UInt8]) {
        varint(UInt64(number << 3 | 2), into: &bytes)
        varint(UInt64(payload.count), into: &bytes)
        bytes += payload
    }

    static func varint(_ value: UInt64, into bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
