internal import BaridEngine

/// Writes protobuf messages by hand, in the order of their field numbers.
///
/// What it writes is byte for byte what the generated messages give; the tests hold it to that.
struct MessageWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A varint field; left out when zero.
    mutating func field(_ number: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(number << 3)
        varint(value)
    }

    mutating func field(_ number: UInt64, _ value: Bool) {
        field(number, value ? 1 : 0)
    }

    /// A string field; left out when empty.
    mutating func field(_ number: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        varint(number << 3 | 2)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// One element of a repeated bytes or string field, also when empty.
    mutating func element(_ number: UInt64, _ value: ArraySlice<UInt8>) {
        varint(number << 3 | 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A nested message, also when empty.
    mutating func message(_ number: UInt64, _ value: MessageWriter) {
        element(number, value.bytes[...])
    }

    /// A packed field of varints; left out when there are none.
    mutating func packed(_ number: UInt64, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        varint(number << 3 | 2)
        varint(values.reduce(0) { $0 + Self.size(of: $1) })
        for value in values { varint(value) }
    }

    /// A packed field of fixed 64-bit words; left out when there are none.
    mutating func packedFixed(_ number: UInt64, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        varint(number << 3 | 2)
        varint(UInt64(values.count * 8))
        for value in values {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private static func size(of value: UInt64) -> UInt64 {
        UInt64(max(1, (64 - value.leadingZeroBitCount + 6) / 7))
    }
}

extension MessageWriter {
    /// A `barid.bus.v1.BusError`.
    init(_ fault: BusFault) {
        field(1, UInt64(fault.code.rawValue))
        field(2, fault.reason)
        field(3, fault.message)
        field(4, UInt64(fault.retryAfter.milliseconds))
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, from 0 to what 32 bits hold.
    var milliseconds: UInt32 {
        UInt32(clamping: (max(nanoseconds, 0) &+ 999_999) / 1_000_000)
    }
}
