/// Brings a folder's files to where a log can go on: reads, checks, and cuts off only what a
/// crash left of a commit nobody was told of.
struct Opening {
    /// What a log begins with.
    struct Opened {
        var shelf: SpareShelf
        var snapshots: SnapshotStore
        var latestSnapshot: LogSnapshot?
        var complete: [Segment]
        var active: Segment
        var newest: NewestMark
        var recovery: LogRecovery
    }

    let folder: String
    let settings: SegmentedLogSettings
    let files: any LogFileSystem

    mutating func open() throws(LogError) -> Opened {
        do throws(FileError) {
            try files.makeFolder(folder)
        } catch {
            throw .unreadable(error)
        }
        let names = try readable { () throws(FileError) in try files.list(folder) }
        let snapshots = try readable { () throws(FileError) in
            try SnapshotStore(files: files, folder: folder, names: names)
        }
        var segments = try headers(names)
        let newest = NewestMark(names: names, folder: folder, files: files)
        if let missing = newest.missing(after: segments.last?.header.firstPosition) {
            throw .damaged(missing)
        }
        let shelf = try shelf(names)
        guard let active = segments.popLast() else {
            if let last = snapshots.known.last, last.position > 0 {
                throw .damaged(
                    LogDamage(
                        file: "\(folder)/\(Segment.name(firstPosition: 1))", offset: 0,
                        positions: 1...last.position, reason: "the file is missing"))
            }
            return Opened(
                shelf: shelf, snapshots: snapshots, latestSnapshot: nil, complete: [],
                active: try first(shelf), newest: newest, recovery: LogRecovery())
        }
        for (index, segment) in segments.enumerated() {
            let next = index + 1 < segments.count ? segments[index + 1] : active
            try complete(segment, before: next)
        }
        let snapshot = try latest(snapshots)
        let recovery = try recover(active, atLeast: snapshot?.position ?? 0)
        for segment in segments where !segment.hasSummary { writeSummary(of: segment) }
        return Opened(
            shelf: shelf, snapshots: snapshots, latestSnapshot: snapshot, complete: segments,
            active: active, newest: newest, recovery: recovery)
    }

    private func latest(_ snapshots: SnapshotStore) throws(LogError) -> LogSnapshot? {
        try readable { () throws(FileError) in try snapshots.latest() }
    }

    // MARK: Files

    /// Every segment with its header, the oldest first.
    private func headers(_ names: [String]) throws(LogError) -> [Segment] {
        let found = names.compactMap { name in
            Segment.firstPosition(ofName: name).map { (name: name, position: $0) }
        }.sorted { $0.position < $1.position }
        var segments: [Segment] = []
        for (index, item) in found.enumerated() {
            let path = "\(folder)/\(item.name)"
            let (bytes, size) = try readable { () throws(FileError) in
                let file = try files.open(path, creating: false)
                return (try file.read(SegmentHeader.firstCommit, at: 0), try file.size())
            }
            switch SegmentHeader.find(in: bytes) {
            case .found(let header, _) where header.firstPosition == item.position:
                let segment = Segment(path: path, header: header)
                segment.fileBytes = size
                segments.append(segment)
            case .newer(let version):
                throw .format(
                    folder: folder, found: "\(version)", supported: Int(SegmentHeader.version))
            case .found, .none:
                let next = index + 1 < found.count ? found[index + 1].position : item.position
                throw .damaged(
                    LogDamage(
                        file: path, offset: 0,
                        positions: item.position...max(item.position, next &- 1),
                        reason: "there is no valid segment header"))
            }
        }
        return segments
    }

    /// Takes over spares that are ready and removes files that were not finished.
    private func shelf(_ names: [String]) throws(LogError) -> SpareShelf {
        let spares = try readable { () throws(FileError) in
            var spares: [SpareShelf.Spare] = []
            for name in names {
                let path = "\(folder)/\(name)"
                if name.hasSuffix(SpareShelf.unfinishedSuffix) {
                    try files.remove(path)
                } else if name.hasPrefix(SpareShelf.prefix) {
                    let size = try files.open(path, creating: false).size()
                    if size >= settings.segmentBytes, spares.count < settings.spares {
                        spares.append(
                            SpareShelf.Spare(name: name, bytes: settings.segmentBytes))
                    } else {
                        try files.remove(path)
                    }
                }
            }
            return spares
        }
        return SpareShelf(
            files: files, folder: folder, segmentBytes: settings.segmentBytes,
            wanted: settings.spares, found: spares)
    }

    /// So much of a log's first segment is filled with zeros: the broker waits for it.
    private static let firstFill = 512 << 10

    /// The first segment of an empty log.
    private func first(_ shelf: SpareShelf) throws(LogError) -> Segment {
        do throws(FileError) {
            let spare: SpareShelf.Spare
            if let ready = try shelf.take(minimumBytes: settings.smallSegmentBytes) {
                spare = ready
            } else {
                spare = try shelf.make(
                    bytes: settings.smallSegmentBytes, filled: Self.firstFill)
            }
            return try Self.begin(
                spare: spare, nonce: files.randomNumber(), firstPosition: 1, lastCommit: 0,
                folder: folder, files: files)
        } catch {
            guard error.isFull else { throw .unreadable(error) }
            throw .full(error)
        }
    }

    /// Makes a spare file a segment: header, sync, name, folder.
    static func begin(
        spare: SpareShelf.Spare, nonce: UInt64, firstPosition: UInt64, lastCommit: UInt64,
        folder: String, files: any LogFileSystem
    ) throws(FileError) -> Segment {
        let header = SegmentHeader(
            nonce: nonce, firstPosition: firstPosition, lastCommit: lastCommit,
            bytes: UInt64(spare.bytes))
        let sparePath = "\(folder)/\(spare.name)"
        let path = "\(folder)/\(Segment.name(firstPosition: firstPosition))"
        let file = try files.open(sparePath, creating: false)
        try file.write(header.encode(), at: 0)
        try file.write(header.encode(), at: SegmentHeader.copyOffset)
        try file.sync()
        try files.rename(sparePath, to: path)
        try files.syncFolder(folder)
        let segment = Segment(path: path, header: header)
        segment.file = file
        segment.fileBytes = spare.bytes
        segment.index = SegmentIndex()
        return segment
    }

    // MARK: Contents

    /// Finds out what a segment holds that another one follows: by its summary, else by a walk.
    private func complete(_ segment: Segment, before next: Segment) throws(LogError) {
        let last = next.header.firstPosition &- 1
        let summary = try readable { () throws(FileError) in
            let file = try files.open(segment.path, creating: false)
            let bytes = try file.read(SegmentSummary.size, at: SegmentSummary.offset)
            return SegmentSummary.decode(bytes[...], nonce: segment.header.nonce)
        }
        if let summary {
            segment.take(summary)
            segment.hasSummary = true
        } else {
            let outcome = try readable { () throws(FileError) in
                let file = try files.open(segment.path, creating: false)
                var walker = try SegmentWalker(
                    file: file, header: segment.header, indexBytes: settings.indexBytes)
                let outcome = try walker.walk()
                segment.take(outcome)
                return outcome
            }
            guard outcome.lastPosition >= last else {
                throw .damaged(
                    LogDamage(
                        file: segment.path, offset: outcome.stop.offset,
                        positions: (outcome.lastPosition &+ 1)...last,
                        reason: outcome.stop.reason))
            }
        }
        guard segment.lastPosition <= last else {
            throw .damaged(
                LogDamage(
                    file: next.path, offset: 0, positions: (last &+ 1)...segment.lastPosition,
                    reason: "it begins before the file before it ends"))
        }
        guard segment.lastPosition < last else { return }
        throw .damaged(
            LogDamage(
                file: "\(folder)/\(Segment.name(firstPosition: segment.lastPosition &+ 1))",
                offset: 0, positions: (segment.lastPosition &+ 1)...last,
                reason: "the file is missing"))
    }

    /// Spares the next start the walk; a summary that cannot be written is not missed.
    private func writeSummary(of segment: Segment) {
        guard let index = segment.index,
            let file = try? files.open(segment.path, creating: false)
        else { return }
        try? segment.writeSummary(file: file, index: index)
        segment.index = nil
    }

    /// Index of a complete segment: as written down, else by a walk.
    static func index(
        of segment: Segment, file: any LogFile, indexBytes: Int
    ) throws(FileError) -> SegmentIndex {
        let bytes = try file.read(SegmentSummary.size, at: SegmentSummary.offset)
        if let summary = SegmentSummary.decode(bytes[...], nonce: segment.header.nonce),
            let index = try segment.readIndex(file: file, summary: summary)
        {
            return index
        }
        var walker = try SegmentWalker(file: file, header: segment.header, indexBytes: indexBytes)
        return try walker.walk().index
    }

    /// Checks the last segment, and drops what a crash left of a commit cut short.
    ///
    /// `durable` is a position known to have been durable: that of the latest snapshot.
    private func recover(
        _ active: Segment, atLeast durable: UInt64
    ) throws(LogError) -> LogRecovery {
        let wasClosed = try readable { () throws(FileError) in
            try takeClosed(active)
        }
        if wasClosed, durable <= active.lastPosition { return LogRecovery() }
        let (file, outcome, beyond) = try readable { () throws(FileError) in
            let file = try files.open(active.path, creating: false)
            var walker = try SegmentWalker(
                file: file, header: active.header, indexBytes: settings.indexBytes)
            let outcome = try walker.walk()
            return (file, outcome, try walker.lookBeyond(outcome))
        }
        let provenBy = beyond.laterCommit.map { $0.firstPosition &- 1 } ?? 0
        guard beyond.laterCommit == nil, durable <= outcome.lastPosition else {
            let first = outcome.lastPosition &+ 1
            throw .damaged(
                LogDamage(
                    file: active.path, offset: outcome.stop.offset,
                    positions: first...max(first, provenBy, durable),
                    reason: outcome.stop.reason))
        }
        active.take(outcome)
        active.file = file
        var recovery = LogRecovery()
        recovery.droppedRecords = beyond.tornEntries
        recovery.droppedBytes = max(0, beyond.tornEnd - outcome.end)
        recovery.wasClosed = outcome.isSealed && beyond.tornEnd == 0
        // Also what is sealed: a seal whose sync failed may be in the page cache only, and a commit
        // behind one that a power cut then takes away would be taken for damage.
        do throws(FileError) {
            try secure(active, file: file, outcome: outcome, tornEnd: beyond.tornEnd)
        } catch {
            throw .failed(error)
        }
        return recovery
    }

    /// Takes the last segment as its summary says, if the log was closed and nothing came after.
    ///
    /// Its records are checked when they are read, as those of the segments before.
    private func takeClosed(_ active: Segment) throws(FileError) -> Bool {
        let file = try files.open(active.path, creating: false)
        let bytes = try file.read(SegmentSummary.size, at: SegmentSummary.offset)
        guard let summary = SegmentSummary.decode(bytes[...], nonce: active.header.nonce),
            let index = try active.readIndex(file: file, summary: summary)
        else { return false }
        let end = Int(clamping: summary.end)
        let next = try file.read(CommitHeader.size, at: end)
        guard CommitHeader.decode(next[...], nonce: active.header.nonce, offset: end) == nil else {
            return false
        }
        active.take(summary)
        active.index = index
        active.file = file
        active.hasSummary = true
        return true
    }

    /// Makes the last commit durable for certain, clears what is behind it, and seals.
    ///
    /// The commit is written again: after a sync that failed, the page cache may hold it while
    /// the disk does not, and only what is written anew is synced anew.
    private func secure(
        _ active: Segment, file: any LogFile, outcome: SegmentWalker.Outcome, tornEnd: Int
    ) throws(FileError) {
        var offset = outcome.lastCommitRange.lowerBound
        while offset < outcome.lastCommitRange.upperBound {
            let count = min(1 << 20, outcome.lastCommitRange.upperBound - offset)
            try file.write(try file.read(count, at: offset), at: offset)
            offset += count
        }
        if tornEnd > outcome.end { try file.fillWithZeros(outcome.end..<tornEnd) }
        // One that was overtaken must not be believed when what overtook it rots, nor after a power
        // cut: it may be erased in the page cache only.
        try active.eraseSummary(file: file)
        try file.sync()
        guard !outcome.isSealed else { return }
        let seal = CommitHeader(
            firstPosition: outcome.lastPosition &+ 1, number: outcome.lastCommit &+ 1,
            wallTime: outcome.lastWallTime, entriesBytes: 0, count: 0)
        try file.write(
            seal.encode(nonce: active.header.nonce, offset: outcome.end), at: outcome.end)
        try file.sync()
        active.end += CommitHeader.size
        active.lastCommit = seal.number
    }
}

extension Segment {
    fileprivate func take(_ summary: SegmentSummary) {
        lastPosition = summary.lastPosition
        lastWallTime = summary.lastWallTime
        lastCommit = summary.lastCommit
        end = Int(clamping: summary.end)
    }

    fileprivate func take(_ outcome: SegmentWalker.Outcome) {
        lastPosition = outcome.lastPosition
        lastWallTime = outcome.lastWallTime
        lastCommit = outcome.lastCommit
        end = outcome.end
        index = outcome.index
    }
}
