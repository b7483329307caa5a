@testable import BaridLog

/// The logs that the conformance suite is run on.
enum LogKind: CaseIterable {
    case memory

    func withLog(_ body: (any EventLog) throws -> Void) throws {
        switch self {
        case .memory:
            try body(MemoryLog(maximumPayloadBytes: 64 << 10))
        }
    }
}

extension NewLogEntry {
    /// A small record.
    static func sample(_ number: UInt8) -> NewLogEntry {
        NewLogEntry(kind: 1, wallTime: Int64(number), payload: [[number, number]])
    }

    /// A record of so many equal bytes, in two slices.
    static func bytes(_ count: Int, of value: UInt8) -> NewLogEntry {
        let bytes = [UInt8](repeating: value, count: count)
        return NewLogEntry(
            kind: 2, wallTime: 1, payload: [bytes[..<(count / 2)], bytes[(count / 2)...]])
    }

    /// A record whose bytes and length follow from its number.
    static func numbered(_ number: Int) -> NewLogEntry {
        let bytes = (0..<(number * 37 % 200)).map { UInt8(truncatingIfNeeded: $0 &+ number) }
        return NewLogEntry(
            kind: UInt8(truncatingIfNeeded: number), wallTime: Int64(number), payload: [bytes[...]])
    }
}
