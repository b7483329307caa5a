internal import BaridSchema
internal import Foundation
internal import SwiftProtobuf

/// Reads an event as ``EventFields`` writes it: each field once, in the order of the numbers.
///
/// A worker reads every event it is given, and going through the generated decoder is a fifth of
/// what an event costs it. What is rare, extensions, fields this version does not know, another
/// order, is left to the generated code, and so is saying what is wrong. The tests hold both to
/// the same messages.
struct PlainEventReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The event.
    ///
    /// - Parameter bytes: A serialised `barid.bus.v1.Event`, or anything else.
    /// - Returns: `nil` when the generated decoder has to look.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Barid_Bus_V1_Event? {
        var reader = PlainEventReader(bytes)
        var event = Barid_Bus_V1_Event()
        var last: UInt64 = 0
        while reader.offset < bytes.count {
            // All fields are of the wire type that has a length.
            guard let tag = reader.varint(), tag & 7 == 2, tag >> 3 > last,
                let body = reader.body(), reader.set(tag >> 3, of: &event, to: body)
            else { return nil }
            // Of the three kinds of data an event has one.
            last = max(tag >> 3, tag >> 3 >= 15 ? 17 : 0)
        }
        return event
    }

    private func set(
        _ number: UInt64, of event: inout Barid_Bus_V1_Event, to body: UnsafeRawBufferPointer
    ) -> Bool {
        switch number {
        case 6, 7:
            guard let time = Self.timestamp(body) else { return false }
            if number == 6 { event.expiryTime = time } else { event.time = time }
            return true
        case 15:
            event.binaryData = Data(body)
            return true
        case 17:
            guard let packed = Self.packed(body) else { return false }
            event.protoData = packed
            return true
        default:
            break
        }
        guard let text = Self.text(body) else { return false }
        switch number {
        case 1: event.id = text
        case 2: event.source = text
        case 3: event.type = text
        case 4: event.subject = text
        case 5: event.partitionKey = text
        case 8: event.dataContentType = text
        case 9: event.dataSchema = text
        case 10: event.traceparent = text
        case 11: event.tracestate = text
        case 12: event.causationID = text
        case 13: event.correlationID = text
        case 16: event.textData = text
        default: return false
        }
        return true
    }

    private static func timestamp(
        _ bytes: UnsafeRawBufferPointer
    ) -> Google_Protobuf_Timestamp? {
        var reader = PlainEventReader(bytes)
        var time = Google_Protobuf_Timestamp()
        var last: UInt64 = 0
        while reader.offset < bytes.count {
            guard let tag = reader.varint(), tag & 7 == 0, tag >> 3 > last,
                let value = reader.varint()
            else { return nil }
            last = tag >> 3
            switch last {
            case 1: time.seconds = Int64(bitPattern: value)
            case 2: time.nanos = Int32(truncatingIfNeeded: value)
            default: return nil
            }
        }
        return time
    }

    private static func packed(_ bytes: UnsafeRawBufferPointer) -> Google_Protobuf_Any? {
        var reader = PlainEventReader(bytes)
        var packed = Google_Protobuf_Any()
        var last: UInt64 = 0
        while reader.offset < bytes.count {
            guard let tag = reader.varint(), tag & 7 == 2, tag >> 3 > last,
                let body = reader.body()
            else { return nil }
            last = tag >> 3
            switch last {
            case 1:
                guard let text = text(body) else { return nil }
                packed.typeURL = text
            case 2: packed.value = Data(body)
            default: return nil
            }
        }
        return packed
    }

    /// Nearly every attribute is ASCII, which needs no look at whether it is UTF-8.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard isASCII(bytes) else { return String(validating: bytes, as: UTF8.self) }
        return bytes.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var others: UInt64 = 0
        let whole = bytes.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) {
            others |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        for offset in whole..<bytes.count { others |= UInt64(bytes[offset]) }
        return others & 0x8080_8080_8080_8080 == 0
    }

    /// At most ten bytes, the shortest or not.
    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    /// A length and so many bytes.
    private mutating func body() -> UnsafeRawBufferPointer? {
        guard let length = varint(), length <= UInt64(bytes.count - offset) else { return nil }
        let start = offset
        offset += Int(length)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }
}
