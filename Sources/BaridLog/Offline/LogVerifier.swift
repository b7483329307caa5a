internal import BaridEngine

/// Reads every record and checksum of a log that nobody has open.
///
/// Nothing is changed. Specified in Protocols/6-log §9.
public struct LogVerifier {
    let folder: String
    let files: any LogFileSystem

    /// Creates a verifier.
    ///
    /// - Parameters:
    ///   - folder: The log's folder, ``DataFolder/logPath``.
    ///   - files: The file system. The default is the machine's.
    public init(folder: String, files: any LogFileSystem = PosixFileSystem()) {
        self.folder = folder
        self.files = files
    }

    /// Looks at everything.
    ///
    /// - Parameter progress: Told the bytes looked at and all bytes, after each segment.
    /// - Returns: What was found, damage included.
    /// - Throws: ``LogError/unreadable(_:)`` when a file cannot be read at all;
    ///   ``LogError/format(folder:found:supported:)`` when a segment is of a newer version.
    public func verify(progress: (Int, Int) -> Void = { _, _ in }) throws(LogError) -> LogReport {
        try scan(progress: progress) { _, _ in }
    }

    /// The hash of the state after the latest snapshot that is whole, and its position.
    ///
    /// - Returns: `nil` when there is none that this version reads.
    /// - Throws: ``LogError/unreadable(_:)``.
    public func stateHash() throws(LogError) -> (position: UInt64, hash: UInt64)? {
        let snapshot = try readable { () throws(FileError) in
            try SnapshotStore(files: files, folder: folder, names: try files.list(folder)).latest()
        }
        guard let snapshot, (try? Durable(snapshot: snapshot.bytes[...])) != nil else { return nil }
        return (snapshot.position, Durable.hash(ofSnapshot: snapshot.bytes))
    }

    /// Looks at everything, and hands each segment's scan to the caller.
    func scan(
        progress: (Int, Int) -> Void, _ body: (FoundSegment, SegmentScan?) throws(LogError) -> Void
    ) throws(LogError) -> LogReport {
        var report = LogReport()
        var tally = Tally()
        let names = try readable { () throws(FileError) in try files.list(folder) }
        let durable = try snapshots(names, into: &report, &tally)
        let segments = try found(names, into: &report)
        let total = segments.reduce(0) { $0 + $1.bytes }
        var done = 0
        var next = segments.first?.position ?? 1
        report.firstPosition = next
        let needed = tally.state?.firstPosition ?? 1
        if !segments.isEmpty, next > needed { missing(needed...next - 1, into: &report) }
        for (index, segment) in segments.enumerated() {
            if segment.position > next { missing(next...segment.position - 1, into: &report) }
            let following = index + 1 < segments.count ? segments[index + 1].position - 1 : nil
            let last = following ?? durable
            let scan = try scan(segment, durable: last, isLast: following == nil, into: &report)
            if let scan {
                tally.add(scan, to: &report)
                // Where a segment ends well before the next one begins, a file is missing.
                next = scan.nextPosition
            } else {
                next = max(segment.position, last &+ 1)
            }
            report.segments.append(
                LogReport.SegmentFacts(
                    file: segment.path, firstPosition: segment.position,
                    records: scan?.items.count ?? 0, bytes: segment.bytes))
            try body(segment, scan)
            done += segment.bytes
            progress(done, total)
        }
        if next <= durable {
            missing(next...durable, into: &report)
        } else if let damage = NewestMark(names: names, folder: folder, files: files)
            .missing(after: segments.last?.position), damage.positions.lowerBound >= next
        {
            missing(next...damage.positions.upperBound, into: &report)
            next = damage.positions.upperBound + 1
        }
        report.lastPosition = next - 1
        tally.finish(&report)
        return report
    }

    /// A segment's file.
    struct FoundSegment {
        var path: String
        var position: UInt64
        var bytes: Int
        var header: SegmentHeader?
    }

    private func found(
        _ names: [String], into report: inout LogReport
    ) throws(LogError) -> [FoundSegment] {
        var segments: [FoundSegment] = []
        for name in names {
            guard let position = Segment.firstPosition(ofName: name) else { continue }
            let path = "\(folder)/\(name)"
            let (bytes, size) = try readable { () throws(FileError) in
                let file = try files.open(path, creating: false)
                return (try file.read(SegmentHeader.firstCommit, at: 0), try file.size())
            }
            var segment = FoundSegment(path: path, position: position, bytes: size, header: nil)
            switch SegmentHeader.find(in: bytes) {
            case .newer(let version):
                throw .format(
                    folder: folder, found: "\(version)", supported: Int(SegmentHeader.version))
            case .found(let header, let isCopy) where header.firstPosition == position:
                segment.header = header
                if isCopy { report.mendedHeaders.append(path) }
            case .found, .none:
                break
            }
            segments.append(segment)
        }
        return segments.sorted { $0.position < $1.position }
    }

    private func scan(
        _ segment: FoundSegment, durable: UInt64, isLast: Bool, into report: inout LogReport
    ) throws(LogError) -> SegmentScan? {
        guard let header = segment.header else {
            report.damages.append(
                LogDamage(
                    file: segment.path, offset: 0,
                    positions: segment.position...max(segment.position, durable),
                    reason: "there is no valid segment header"))
            return nil
        }
        let bytes = try readable { () throws(FileError) in
            try files.open(segment.path, creating: false).read(segment.bytes, at: 0)
        }
        let summary = SegmentSummary.decode(
            bytes.dropFirst(SegmentSummary.offset), nonce: header.nonce)
        // The positions of a missing file are not this one's.
        let own = summary.map {
            isLast ? $0.lastPosition : min($0.lastPosition, durable)
        }
        let scan = SegmentScan(
            bytes, header: header, path: segment.path,
            durable: max(own ?? durable, segment.position - 1))
        report.damages += scan.damages
        report.damagedCommits += scan.damagedCommits
        report.tornRecords += scan.tornRecords
        return scan
    }

    private func missing(_ positions: ClosedRange<UInt64>, into report: inout LogReport) {
        report.damages.append(
            LogDamage(
                file: "\(folder)/\(Segment.name(firstPosition: positions.lowerBound))", offset: 0,
                positions: positions, reason: "the file is missing"))
    }

    /// Reads the snapshots; tells the latest position one of them proves durable.
    private func snapshots(
        _ names: [String], into report: inout LogReport, _ tally: inout Tally
    ) throws(LogError) -> UInt64 {
        let store = try readable { () throws(FileError) in
            try SnapshotStore(files: files, folder: folder, names: names)
        }
        for (position, _) in store.known {
            let snapshot = try readable { () throws(FileError) in try store.read(position) }
            guard let snapshot else {
                report.damagedSnapshots.append(store.path(position))
                continue
            }
            report.snapshots.append(position)
            tally.state = try? Durable(snapshot: snapshot.bytes[...])
        }
        return report.snapshots.last ?? 0
    }
}

/// Counts events, and finds those that are missing between the ones there are.
private struct Tally {
    /// The state of the latest snapshot, for names of topics.
    var state: Durable?
    private var names: [String] = []
    private var next: [UInt32: UInt64] = [:]
    private var lost: [(topic: UInt32, sequences: ClosedRange<UInt64>)] = []

    mutating func add(_ scan: SegmentScan, to report: inout LogReport) {
        for item in scan.items {
            report.records += 1
            let time = item.header.wallTime
            let first = min(time, report.wallTimes?.lowerBound ?? time)
            let last = max(time, report.wallTimes?.upperBound ?? time)
            report.wallTimes = first...last
            if item.header.isErased { report.erased += 1 }
            if item.header.kind == LogEntry.lost { report.lostBefore += 1 }
            guard
                let record = try? Record(kind: item.header.kind, payload: item.body)
            else { continue }
            switch record {
            case .topicCreated(let name):
                names.append(name)
            case .events(let block), .settled(_, _, _, let block?):
                add(block, to: &report)
            default:
                break
            }
        }
    }

    private mutating func add(_ block: EventBlock, to report: inout LogReport) {
        let count = UInt64(block.events.count)
        report.events += count
        let topic = block.topic.number
        let due = next[topic] ?? first(of: topic)
        if due < block.firstSequence { lost.append((topic, due...block.firstSequence - 1)) }
        next[topic] = block.firstSequence + count
    }

    /// The first event that is kept of a topic, as far as the latest snapshot tells.
    private func first(of topic: UInt32) -> UInt64 {
        guard let topics = state?.topics, Int(topic) < topics.count else { return 1 }
        return topics[Int(topic)].first
    }

    func finish(_ report: inout LogReport) {
        guard !report.damages.isEmpty else { return }
        var lost = lost
        // What the latest snapshot knows of and nothing readable holds was at the end.
        for (index, topic) in (state?.topics ?? []).enumerated() {
            let number = UInt32(index)
            let due = next[number] ?? first(of: number)
            if due < topic.next { lost.append((number, due...topic.next - 1)) }
        }
        report.lostEvents = lost.map { topic, sequences in
            let known = state?.topics ?? []
            let name =
                Int(topic) < known.count
                ? known[Int(topic)].name : Int(topic) < names.count ? names[Int(topic)] : nil
            return LogReport.LostEvents(topic: topic, name: name, sequences: sequences)
        }
    }
}
