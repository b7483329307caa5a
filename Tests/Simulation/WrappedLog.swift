internal import BaridEngine
internal import BaridLog

/// A log as the simulation gives it to a broker: the segmented one, whose work in the background
/// is done between that of the owner; planted faults override what they break.
class WrappedLog: EventLog {
    let log: SegmentedLog
    /// Called before records go, with the first position kept.
    var beforeTrim: (UInt64) -> Void = { _ in }
    /// Looks for its outcome until a snapshot that was begun is stored.
    var snapshotLooks = 0
    /// Retention said that something goes, and nobody has looked at that.
    var hasTrimmed = false
    private var snapshot: (position: UInt64, state: @Sendable () -> [UInt8], looks: Int)?

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
        let last = try log.append(entries, expecting: expected)
        if entries.contains(where: { $0.kind == RecordKind.trim.rawValue }) { hasTrimmed = true }
        return last
    }

    func commit() throws(LogError) { try log.commit() }

    func beginCommit(
        _ ended: @escaping @Sendable () -> Void
    ) throws(LogError) -> CommitProgress { try log.beginCommit(ended) }

    func endCommit(waiting: Bool) throws(LogError) -> Bool { try log.endCommit(waiting: waiting) }

    func sync() throws(LogError) { try log.sync() }

    func seal() throws(LogError) { try log.seal() }

    func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry] {
        try log.read(from: position, maximumBytes: maximumBytes, maximumCount: maximumCount)
    }

    func part(at index: Int) -> LogPart? { log.part(at: index) }

    func trim(before position: UInt64) throws(LogError) {
        beforeTrim(position)
        try log.trim(before: position)
    }

    func beginSnapshot(
        at position: UInt64, _ state: @escaping @Sendable () -> [UInt8]
    ) throws(LogError) -> SnapshotProgress {
        guard snapshotLooks > 0 else {
            try log.writeSnapshot(state(), at: position)
            return .stored
        }
        snapshot = snapshot ?? (position, state, snapshotLooks)
        return .underWay
    }

    func takeSnapshotOutcome() throws(LogError) -> UInt64? {
        guard let (position, state, looks) = snapshot else { return nil }
        guard looks <= 1 else {
            snapshot?.looks -= 1
            return nil
        }
        snapshot = nil
        try log.writeSnapshot(state(), at: position)
        return position
    }

    func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError) {
        try log.writeSnapshot(bytes, at: position)
    }

    func latestSnapshot() throws(LogError) -> LogSnapshot? { try log.latestSnapshot() }

    func close() throws(LogError) { try log.close() }
}
