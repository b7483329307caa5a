internal import Foundation
internal import SwiftProtobuf

/// Writes protobuf fields into memory whose size was counted before.
///
/// Writing beyond the end traps: the counting was wrong then, which is a bug of ours.
struct WireWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private var offset = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    var isFull: Bool { offset == buffer.count }

    /// A string field; left out when empty, as proto3 does.
    mutating func field(_ number: Int, _ text: String) {
        if !text.isEmpty { bytes(number, text) }
    }

    mutating func field(_ number: Int, _ time: Google_Protobuf_Timestamp) {
        length(number, Self.size(of: time))
        if time.seconds != 0 {
            varint(0x08)
            varint(UInt64(bitPattern: time.seconds))
        }
        if time.nanos != 0 {
            varint(0x10)
            varint(UInt64(bitPattern: Int64(time.nanos)))
        }
    }

    /// A string, also when empty.
    mutating func bytes(_ number: Int, _ text: String) {
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { utf8 in
            length(number, utf8.count)
            copy(UnsafeRawBufferPointer(utf8))
        }
        // A text of another library's making.
        if isWritten == nil { bytes(number, String(decoding: Array(text.utf8), as: UTF8.self)) }
    }

    /// Bytes, also when there are none.
    mutating func bytes(_ number: Int, _ data: Data) {
        length(number, data.count)
        data.withUnsafeBytes { copy($0) }
    }

    /// The tag of a field of bytes, and how many follow.
    mutating func length(_ number: Int, _ count: Int) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(count))
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            buffer[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
            offset += 1
            rest >>= 7
        }
        buffer[offset] = UInt8(truncatingIfNeeded: rest)
        offset += 1
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + bytes.count])
            .copyMemory(from: bytes)
        offset += bytes.count
    }

    // MARK: Sizes

    static func size(ofVarint value: UInt64) -> Int {
        max(1, (64 - value.leadingZeroBitCount + 6) / 7)
    }

    /// Of a number of bytes and these bytes.
    static func size(ofBytes count: Int) -> Int { size(ofVarint: UInt64(count)) + count }

    static func size(of time: Google_Protobuf_Timestamp) -> Int {
        (time.seconds == 0 ? 0 : 1 + size(ofVarint: UInt64(bitPattern: time.seconds)))
            + (time.nanos == 0 ? 0 : 1 + size(ofVarint: UInt64(bitPattern: Int64(time.nanos))))
    }
}
