internal import GRPCCore

/// Metadata on the wire: a count, then keys and values with their lengths.
///
/// Values of keys that end in `-bin` are bytes, all others UTF-8. Specified in
/// Protocols/1-transport §6.
enum MetadataCodec {
    /// - Throws: `RPCError` with code `.resourceExhausted` or `.internalError` for metadata that do
    ///   not fit the fields.
    static func encode(
        _ metadata: Metadata, leavingOut skipped: String? = nil, into bytes: inout [UInt8]
    ) throws(RPCError) {
        let countOffset = bytes.count
        var count = 0
        bytes.append(bigEndian: UInt16(0))
        for (key, value) in metadata {
            let key = key.lowercased()
            if key == skipped { continue }
            guard isKey(key.utf8) else {
                throw RPCError(
                    code: .internalError,
                    message: "the metadata key \(key.debugDescription) is not allowed")
            }
            switch value {
            case .string(let text) where key.hasSuffix("-bin"):
                // GRPCCore lets binary values be given in base64.
                var single = Metadata()
                single.addString(text, forKey: key)
                guard let value = single[binaryValues: key].first(where: { _ in true }) else {
                    throw RPCError(
                        code: .internalError, message: "the value of \(key) is not base64")
                }
                try append(key, value, to: &bytes)
            case .string(let text): try append(key, text.utf8, to: &bytes)
            case .binary(let value): try append(key, value, to: &bytes)
            }
            count += 1
        }
        guard count <= UInt16.max, bytes.count - countOffset <= maximumBytes else {
            throw RPCError(
                code: .resourceExhausted,
                message: """
                    the metadata are \(bytes.count - countOffset) bytes, at most \(maximumBytes) \
                    are allowed
                    """)
        }
        bytes[countOffset] = UInt8(count >> 8)
        bytes[countOffset + 1] = UInt8(count & 0xff)
    }

    static func decode(from reader: inout ByteReader) throws(FrameError) -> Metadata {
        let count = Int(try reader.integer(UInt16.self))
        var metadata = Metadata()
        // Each pair takes three bytes or more, so a false count reserves nothing.
        guard count * 3 <= reader.remaining else { throw .malformed("metadata are cut short") }
        for _ in 0..<count {
            let keyBytes = try reader.take(Int(reader.integer(UInt8.self)))
            guard isKey(keyBytes) else { throw .malformed("a metadata key is not allowed") }
            let key = String(decoding: keyBytes, as: UTF8.self)
            let length = Int(try reader.integer(UInt16.self))
            if key.hasSuffix("-bin") {
                metadata.addBinary([UInt8](try reader.take(length)), forKey: key)
            } else {
                metadata.addString(try reader.text(length), forKey: key)
            }
        }
        return metadata
    }

    /// The most metadata may take: a frame must hold them beside method or status message.
    static let maximumBytes = 48 << 10

    private static func append(
        _ key: String, _ value: some Collection<UInt8>, to bytes: inout [UInt8]
    ) throws(RPCError) {
        guard value.count <= UInt16.max else {
            throw RPCError(
                code: .resourceExhausted,
                message: """
                    the metadata value of \(key) is \(value.count) bytes, at most \(UInt16.max) \
                    are allowed
                    """)
        }
        bytes.append(UInt8(key.utf8.count))
        bytes.append(contentsOf: key.utf8)
        bytes.append(bigEndian: UInt16(value.count))
        bytes.append(contentsOf: value)
    }

    /// 1 to 255 of `a-z 0-9 - _ .`, as gRPC allows.
    private static func isKey(_ key: some Collection<UInt8>) -> Bool {
        guard (1...255).contains(key.count) else { return false }
        return key.allSatisfy { byte in
            switch byte {
            case 0x61...0x7a, 0x30...0x39, 0x2d, 0x5f, 0x2e: true
            default: false
            }
        }
    }
}
