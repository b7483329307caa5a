internal import BaridLog

/// A log as the simulation gives it to a broker: the segmented one, with nothing in the
/// background; planted faults override what they break.
class WrappedLog: EventLog {
    let log: SegmentedLog

    init(_ log: SegmentedLog) { self.log = log }

    var firstPosition: UInt64 { log.firstPosition }
    var lastPosition: UInt64 { log.lastPosition }
    var durablePosition: UInt64 { log.durablePosition }
    var lastWallTime: Int64 { log.lastWallTime }
    var maximumPayloadBytes: Int { log.maximumPayloadBytes }
    var space: LogSpace { log.space }
    var pendingBytes: Int { log.pendingBytes }
    var snapshotPositions: [UInt64] { log.snapshotPositions }

    func append(_ entries: [NewLogEntry], expecting expected: UInt64) throws(LogError) -> UInt64 {
        try log.append(entries, expecting: expected)
    }

    func commit() throws(LogError) { try log.commit() }

    func seal() throws(LogError) { try log.seal() }

    func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry] {
        try log.read(from: position, maximumBytes: maximumBytes, maximumCount: maximumCount)
    }

    func trim(before position: UInt64) throws(LogError) { try log.trim(before: position) }

    func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError) {
        try log.writeSnapshot(bytes, at: position)
    }

    func latestSnapshot() throws(LogError) -> LogSnapshot? { try log.latestSnapshot() }

    func close() throws(LogError) { try log.close() }
}
