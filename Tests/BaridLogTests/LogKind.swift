import SimulatedDisk

@testable import BaridLog

/// The logs that the conformance suite is run on.
enum LogKind: CaseIterable {
    case memory
    /// Segments of a few KiB on a disk in memory.
    case smallSegments
    /// Segments of 64 KiB with a spare, in a temporary folder.
    case segments
    /// As in production.
    case defaultSegments

    static var smallSettings: SegmentedLogSettings {
        var settings = SegmentedLogSettings()
        settings.segmentBytes = 16 << 10
        settings.smallSegmentBytes = 16 << 10
        settings.spares = 0
        settings.commitBytes = 2 << 10
        settings.readBytes = 4 << 10
        settings.cacheBytes = 16 << 10
        settings.indexBytes = 1 << 10
        settings.maximumPayloadBytes = 64 << 10
        return settings
    }

    func withLog(_ body: (any EventLog) throws -> Void) throws {
        switch self {
        case .memory:
            try body(MemoryLog(maximumPayloadBytes: 64 << 10))
        case .smallSegments:
            try body(SegmentedLog(folder: "log", settings: Self.smallSettings, files: FaultyDisk()))
        case .segments:
            var settings = Self.smallSettings
            settings.segmentBytes = 64 << 10
            settings.spares = 1
            try withTemporaryFolder { folder in
                try body(SegmentedLog(folder: folder + "/log", settings: settings))
            }
        case .defaultSegments:
            var settings = SegmentedLogSettings()
            settings.maximumPayloadBytes = 64 << 10
            settings.spares = 0
            settings.smallSegmentBytes = 256 << 10
            try withTemporaryFolder { folder in
                try body(SegmentedLog(folder: folder + "/log", settings: settings))
            }
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
