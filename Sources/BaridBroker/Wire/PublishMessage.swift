internal import BaridEngine

/// A `barid.bus.v1.PublishRequest`, taken apart without copying its events.
struct PublishMessage {
    var topic: String?
    var events: [ArraySlice<UInt8>] = []

    /// Takes a message apart; the events are slices of it.
    init(_ message: [UInt8]) throws(MessageFailure) {
        var ranges: [Range<Int>] = []
        var topicRange: Range<Int>?
        try MessageFailure.scanning(message) { bytes throws(WireScan.Failure) in
            var scan = WireScan(bytes)
            while let field = try scan.next() {
                guard let range = field.range else { continue }
                switch field.number {
                case 1: topicRange = range
                case 2: ranges.append(range)
                default: break
                }
            }
        }
        if let topicRange, !topicRange.isEmpty {
            guard let text = String(validating: message[topicRange], as: UTF8.self) else {
                throw .notUTF8
            }
            topic = text
        }
        events.reserveCapacity(ranges.count)
        for range in ranges { events.append(message[range]) }
    }

    /// A `barid.bus.v1.PublishResponse`.
    static func response(_ receipts: [Receipt], durability: Durability) -> [UInt8] {
        var writer = MessageWriter()
        for receipt in receipts {
            var nested = MessageWriter()
            nested.field(1, UInt64(receipt.count))
            nested.field(2, receipt.firstSequence)
            nested.field(3, receipt.duplicate)
            if let fault = receipt.fault { nested.message(4, MessageWriter(fault)) }
            writer.message(1, nested)
        }
        writer.field(2, durability.wire)
        return writer.bytes
    }
}

/// Why a request of a raw handler cannot be read.
enum MessageFailure: Error, Equatable {
    /// The bytes are no protobuf message, or not of the expected types.
    case malformed
    /// A string is not UTF-8.
    case notUTF8

    /// Runs a scan over the bytes of a message.
    static func scanning(
        _ message: [UInt8], _ body: (UnsafeRawBufferPointer) throws(WireScan.Failure) -> Void
    ) throws(MessageFailure) {
        let failed = message.withUnsafeBytes { bytes in
            do throws(WireScan.Failure) {
                try body(bytes)
                return false
            } catch {
                return true
            }
        }
        guard !failed else { throw .malformed }
    }
}
