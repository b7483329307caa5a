/// A log in files of one folder, for one process.
///
/// Records are collected in memory and written, up to 1 MiB at once, over zero-filled segments;
/// a sync makes them durable. See `SegmentFormat.swift` for the files. The folder holds nothing
/// else, and ``DataFolder`` keeps a second process out.
public final class SegmentedLog: EventLog {
    /// What opening found.
    public internal(set) var recovery = LogRecovery()

    let folder: String
    let settings: SegmentedLogSettings
    let files: any LogFileSystem
    let shelf: SpareShelf
    var snapshots: SnapshotStore
    let snapshotWriter: SnapshotWriter
    /// The snapshot that opening read, kept for the owner's first question.
    var openedSnapshot: LogSnapshot?
    /// Complete segments, the oldest first.
    var complete: [Segment] = []
    /// The segment that is written to.
    var active: Segment
    var newest: NewestMark
    var isSealed = true
    /// Cuts whose files are being copied.
    var holds = 0
    /// Commits were written and not synced.
    var isUnsynced = false
    var isClosed = false
    /// The first write or sync that failed, after which nothing is tried again.
    var failure: FileError?
    /// How far another writer has come, once one was noticed.
    var fencedAt: UInt64?

    /// The commit that another thread syncs.
    var underWay: UnderWay?
    /// Records that wait for a commit.
    var chunks: [Chunk] = []
    /// Segments that the waiting records, or the next ones, need after the active one.
    var planned: [Plan] = []
    var tail: Tail
    var spareBuffer: [UInt8] = []

    var cache: ReadCache
    /// Complete segments that were read lately and keep file and index, the latest used last.
    var lately: [Segment] = []

    /// The last position appended.
    public internal(set) var lastPosition: UInt64
    /// The last position synced.
    public internal(set) var durablePosition: UInt64
    /// Wall time of the last record.
    public internal(set) var lastWallTime: Int64

    /// Opens the log of a folder; an empty folder becomes an empty log.
    ///
    /// The last segment is checked as a whole unless the log was closed; others when they are read. A last commit that a
    /// crash cut short is dropped and counted in ``recovery``.
    ///
    /// - Parameters:
    ///   - folder: Made if it is not there.
    ///   - settings: Sizes. They may change from one opening to the next.
    ///   - files: The file system. The default is the machine's.
    /// - Throws: ``LogError/damaged(_:)`` when acknowledged data cannot be read, in which case
    ///   nothing was changed; ``LogError/full(_:)``; ``LogError/unreadable(_:)``;
    ///   ``LogError/format(folder:found:supported:)``; ``LogError/setting(_:)``.
    public init(
        folder: String, settings: SegmentedLogSettings = SegmentedLogSettings(),
        files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) {
        try settings.validate()
        self.folder = folder
        self.settings = settings
        self.files = files
        cache = ReadCache(maximumBytes: settings.cacheBytes)
        var opening = Opening(folder: folder, settings: settings, files: files)
        let opened = try opening.open()
        shelf = opened.shelf
        snapshots = opened.snapshots
        openedSnapshot = opened.latestSnapshot
        snapshotWriter = SnapshotWriter(files: files, folder: folder)
        complete = opened.complete
        active = opened.active
        newest = opened.newest
        recovery = opened.recovery
        tail = Tail(
            nonce: active.header.nonce, capacity: active.capacity, offset: active.end, plan: nil)
        lastPosition = active.lastPosition
        durablePosition = active.lastPosition
        lastWallTime = max(active.lastWallTime, complete.last?.lastWallTime ?? 0)
        // Of a log of before there were marks, or that stopped between a name and its mark.
        if newest.position != active.header.firstPosition, (try? files.syncFolder(folder)) != nil {
            newest.move(to: active.header.firstPosition)
        }
        shelf.began(segmentBytes: active.capacity)
        shelf.keepUp(used: active.end, of: active.capacity)
    }

    deinit {
        shelf.stop()
        snapshotWriter.waitUntilIdle()
    }

    /// The first position kept.
    public var firstPosition: UInt64 {
        (complete.first ?? active).header.firstPosition
    }

    /// The most payload bytes of one record.
    public var maximumPayloadBytes: Int { settings.maximumPayloadBytes }

    /// Files on disk, room in the segments that are ready, and room in the file system.
    public var space: LogSpace {
        let segments = complete.reduce(active.fileBytes) { $0 + $1.fileBytes }
        let plans = planned.reduce(0) { $0 + $1.spare.bytes }
        let spares = shelf.readyBytes
        let used = segments + plans + spares + snapshots.usedBytes
        let ready =
            max(0, tail.capacity - tail.offset) + spares
            + planned.dropFirst(tail.plan.map { $0 + 1 } ?? 0).reduce(0) { $0 + $1.spare.bytes }
        return LogSpace(
            used: used, ready: ready, free: files.freeBytes(folder), written: max(0, used - ready))
    }

    /// A complete segment.
    public func part(at index: Int) -> LogPart? {
        guard complete.indices.contains(index) else { return nil }
        let segment = complete[index]
        guard segment.lastPosition >= segment.header.firstPosition else { return nil }
        return LogPart(
            positions: segment.header.firstPosition...segment.lastPosition,
            bytes: segment.fileBytes, lastWallTime: segment.lastWallTime)
    }

    /// Lets go of segments all of whose records are before a position, or keeps their files to
    /// be written over.
    public func trim(before position: UInt64) throws(LogError) {
        try checkUsable()
        guard position <= durablePosition &+ 1 else {
            throw .notDurable(position: position, durable: durablePosition)
        }
        try sync()
        // What is being copied stays; the owner asks again.
        guard holds == 0 else { return }
        var changed = false
        while let oldest = complete.first, oldest.lastPosition < position {
            try failing {
                () throws(FileError) in
                let isKept = try shelf.recycle(path: oldest.path, bytes: oldest.capacity)
                if !isKept { try files.remove(oldest.path) }
            }
            oldest.file = nil
            lately.removeAll { $0 === oldest }
            complete.removeFirst()
            changed = true
        }
        guard changed else { return }
        cache.removeAll()
        try failing { () throws(FileError) in try files.syncFolder(folder) }
    }

    /// Writes a snapshot beside the segments.
    public func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError) {
        try checkSnapshot(at: position)
        snapshotWriter.waitUntilIdle()
        do throws(FileError) {
            let size = try SnapshotStore.writeFile(
                bytes, at: position, files: files, folder: folder)
            openedSnapshot = nil
            try snapshots.adopt(position: position, fileBytes: size)
        } catch {
            guard error.isFull else { throw fail(error) }
            throw .full(error)
        }
    }

    /// Writes a snapshot on another thread; one that is under way already goes on instead.
    public func beginSnapshot(
        at position: UInt64, _ state: @escaping @Sendable () -> [UInt8]
    ) throws(LogError) -> SnapshotProgress {
        try checkSnapshot(at: position)
        snapshotWriter.begin(at: position, state)
        return .underWay
    }

    /// Takes note of a snapshot that another thread wrote.
    public func takeSnapshotOutcome() throws(LogError) -> UInt64? {
        try checkUsable()
        guard let outcome = snapshotWriter.takeOutcome() else { return nil }
        do throws(FileError) {
            let (position, size) = try outcome.get()
            openedSnapshot = nil
            try snapshots.adopt(position: position, fileBytes: size)
            return position
        } catch {
            guard error.isFull else { throw fail(error) }
            throw .full(error)
        }
    }

    /// Positions of the snapshots on disk.
    public var snapshotPositions: [UInt64] { snapshots.known.map(\.position) }

    private func checkSnapshot(at position: UInt64) throws(LogError) {
        try checkUsable()
        guard position <= durablePosition else {
            throw .notDurable(position: position, durable: durablePosition)
        }
        // A snapshot proves that its position was durable.
        try sync()
    }

    /// Reads the latest snapshot that is whole.
    public func latestSnapshot() throws(LogError) -> LogSnapshot? {
        guard !isClosed else { throw .closed }
        if let openedSnapshot { return openedSnapshot }
        return try readable { () throws(FileError) in try snapshots.latest() }
    }

    /// Commits, seals, writes down what the last segment holds so that the next start need not
    /// walk it, ends the work in the background and gives back the files.
    public func close() throws(LogError) {
        guard !isClosed else { return }
        defer {
            isClosed = true
            shelf.stop()
            snapshotWriter.waitUntilIdle()
            cache.removeAll()
            openedSnapshot = nil
            active.file = nil
            for segment in lately { segment.file = nil }
        }
        try seal()
        guard !active.hasSummary else { return }
        try failing { () throws(FileError) in
            let file = try activeFile()
            try active.writeSummary(file: file, index: active.index ?? SegmentIndex())
            try file.sync()
        }
    }

    func checkUsable() throws(LogError) {
        guard !isClosed else { throw .closed }
        if let failure { throw .failed(failure) }
        if let fencedAt { throw .fenced(expected: durablePosition, actual: fencedAt) }
    }

    /// Remembers that a write or sync failed, for ever.
    func fail(_ error: FileError) -> LogError {
        if failure == nil { failure = error }
        return .failed(failure ?? error)
    }

    func failing(_ body: () throws(FileError) -> Void) throws(LogError) {
        do throws(FileError) {
            try body()
        } catch {
            throw fail(error)
        }
    }
}

extension FileError {
    /// The disk, or this user's share of it, is used up.
    var isFull: Bool {
        // ENOSPC and, on Linux, EDQUOT.
        code == 28 || code == 122
    }
}
