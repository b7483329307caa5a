internal import BaridEngine

/// Makes a damaged log usable again, at the price of what is damaged.
///
/// Every record that can be read stays, at its position. Each that cannot is replaced by a mark
/// of its loss, groups are done with its events and count them, and the damaged files are kept
/// aside. Nothing is done to a log that is whole. Specified in Protocols/6-log §9.
public struct LogRepair {
    private let folder: String
    private let aside: String
    private let files: any LogFileSystem

    /// Creates a repair.
    ///
    /// - Parameters:
    ///   - folder: The log's folder, ``DataFolder/logPath``.
    ///   - aside: The folder that takes the damaged files, on the same file system.
    ///   - files: The file system. The default is the machine's.
    public init(
        folder: String, aside: String, files: any LogFileSystem = PosixFileSystem()
    ) {
        self.folder = folder
        self.aside = aside
        self.files = files
    }

    /// Repairs the log.
    ///
    /// - Parameter progress: Told the bytes looked at and all bytes, after each segment.
    /// - Returns: What was found before; its damages are what is lost now.
    /// - Throws: ``LogError`` when a file cannot be read or written; `RecordFailure` when no state
    ///   can be rebuilt from what is left, in which case the log stays as repaired so far.
    public func repair(progress: (Int, Int) -> Void = { _, _ in }) throws -> LogReport {
        var report = try LogVerifier(folder: folder, files: files).verify(progress: progress)
        guard !report.isWhole else { return report }
        try files.makeFolder(aside)
        var lastCommit: UInt64 = 0
        let damaged = Set((report.damages + report.damagedCommits).map(\.file))
        // Once more, because the whole log does not fit into memory.
        _ = try LogVerifier(folder: folder, files: files).scan(progress: { _, _ in }) {
            segment, scan throws(LogError) in
            defer { lastCommit = scan?.lastCommit ?? lastCommit }
            guard damaged.contains(segment.path) else { return }
            do throws(FileError) {
                lastCommit = scan == nil ? lastCommit : segment.header?.lastCommit ?? lastCommit
                try rebuild(segment, scan, after: lastCommit, report: report)
            } catch {
                throw .failed(error)
            }
        }
        let there = Set(report.segments.map(\.file))
        for damage in report.damages where !there.contains(damage.file) {
            try write(
                RebuiltSegment(
                    positions: damage.positions, items: [], nonce: files.randomNumber(),
                    lastCommit: lastCommit, capacity: 0), to: damage.file)
        }
        for path in report.damagedSnapshots { try setAside(path) }
        var newest = NewestMark(names: try files.list(folder), folder: folder, files: files)
        try newest.remove()
        try files.syncFolder(folder)
        try files.syncFolder(aside)
        report.lostEvents = try settleLoss(report.lostEvents)
        return report
    }

    private func rebuild(
        _ segment: LogVerifier.FoundSegment, _ scan: SegmentScan?, after lastCommit: UInt64,
        report: LogReport
    ) throws(FileError) {
        let own = report.damages.filter { $0.file == segment.path }
        let end = max(
            scan?.nextPosition ?? 0, (own.last?.positions.upperBound ?? segment.position) &+ 1)
        guard end > segment.position else { return }
        let rebuilt = RebuiltSegment(
            positions: segment.position...end - 1, items: scan?.items ?? [],
            nonce: files.randomNumber(), lastCommit: lastCommit, capacity: segment.bytes)
        try setAside(segment.path)
        try write(rebuilt, to: segment.path)
    }

    private func write(_ segment: RebuiltSegment, to path: String) throws(FileError) {
        let unfinished = path + SpareShelf.unfinishedSuffix
        let file = try files.open(unfinished, creating: true)
        try file.write(segment.bytes, at: 0)
        try file.sync()
        try files.rename(unfinished, to: path)
    }

    private func setAside(_ path: String) throws(FileError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        try files.rename(path, to: "\(aside)/\(name)")
    }

    /// Rebuilds the state and lets groups be done with what is lost.
    ///
    /// - Returns: The events that are lost, with what the state knows of them.
    private func settleLoss(
        _ found: [LogReport.LostEvents]
    ) throws -> [LogReport.LostEvents] {
        var settings = SegmentedLogSettings()
        settings.spares = 0
        let log = try SegmentedLog(folder: folder, settings: settings, files: files)
        var state = Durable()
        if let snapshot = try log.latestSnapshot() {
            state = try Durable(snapshot: snapshot.bytes[...])
        }
        guard log.firstPosition <= state.nextPosition else {
            throw RecordFailure.inconsistent(
                "no snapshot can be used, and the log begins at record \(log.firstPosition)")
        }
        try state.replay(log)
        var lost: [UInt32: SequenceSet] = [:]
        for events in found { lost[events.topic, default: SequenceSet()].insert(events.sequences) }
        for (index, topic) in state.topics.enumerated() {
            // What groups are done with beyond the end was at the end, and lost.
            let done =
                state.groups.filter { $0.definition.topic.number == UInt32(index) }.map {
                    max($0.floor, $0.settled.ranges.last?.upperBound ?? 0)
                }.max() ?? 0
            if done >= topic.next {
                lost[UInt32(index), default: SequenceSet()].insert(topic.next...done)
            }
        }
        let parts = lost.sorted { $0.key < $1.key }.compactMap { number, sequences in
            Int(number) < state.topics.count
                ? Trim.Part(
                    topic: TopicID(number), first: state.topics[Int(number)].first,
                    lost: sequences.ranges) : nil
        }
        let record = Record.trim(Trim(position: state.firstPosition, topics: parts))
        try log.append(
            [
                NewLogEntry(
                    kind: record.kind.rawValue, wallTime: log.lastWallTime,
                    payload: record.encode())
            ], expecting: log.lastPosition)
        try log.commit()
        try state.replay(log)
        try log.writeSnapshot(state.snapshot(), at: log.durablePosition)
        try log.close()
        return parts.flatMap { part in
            part.lost.map {
                LogReport.LostEvents(
                    topic: part.topic.number, name: state.topics[Int(part.topic.number)].name,
                    sequences: $0)
            }
        }
    }
}

extension Durable {
    /// Applies what a log holds beyond this state.
    mutating func replay(_ log: some EventLog) throws {
        while nextPosition <= log.durablePosition {
            let entries = try log.read(
                from: nextPosition, maximumBytes: 1 << 20, maximumCount: 4_096)
            guard !entries.isEmpty else {
                throw RecordFailure.inconsistent("no record \(nextPosition)")
            }
            for entry in entries {
                guard entry.kind != LogEntry.lost else {
                    try skipLost(position: entry.position)
                    continue
                }
                try apply(
                    Record(kind: entry.kind, payload: entry.payload), position: entry.position,
                    wall: entry.wallTime)
            }
        }
    }
}
