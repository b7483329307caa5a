internal import Synchronization

extension SegmentedLog {
    /// Entries that will be written and synced together.
    struct Chunk {
        /// Index of the planned segment it goes to; `nil` for the active one.
        var plan: Int?
        /// Where it will be in its segment.
        var offset: Int
        var firstPosition: UInt64
        var count: UInt32 = 0
        var wallTime: Int64 = 0
        /// The commit header, left free, and the entries.
        var bytes: [UInt8]
        /// Positions and offsets for the segment's index.
        var index: [(position: UInt64, offset: Int)] = []
    }

    /// A commit that is written.
    struct Written {
        var header: CommitHeader
        /// Where the next commit goes.
        var end: Int
        /// Positions and offsets for the segment's index.
        var index: [(position: UInt64, offset: Int)]
    }

    /// A commit that another thread syncs.
    struct UnderWay {
        var written: Written
        var outcome: SyncOutcome
        /// Returns when the outcome is known.
        var wait: @Sendable () -> Void
    }

    /// A file that will be the next segment, or the one after.
    struct Plan {
        var spare: SpareShelf.Spare
        var nonce: UInt64
    }

    /// Where the next entry goes.
    struct Tail {
        var nonce: UInt64
        var capacity: Int
        var offset: Int
        /// Index of the planned segment; `nil` for the active one.
        var plan: Int?
    }

    private enum Placement {
        case sameChunk, newChunk, newSegment
    }

    /// Bytes the next commit will write.
    public var pendingBytes: Int {
        chunks.reduce(0) { $0 + $1.bytes.count }
    }

    /// Puts records into memory, at the place they will have in a segment that is ready for them.
    @discardableResult
    public func append(
        _ entries: [NewLogEntry], expecting expected: UInt64
    ) throws(LogError) -> UInt64 {
        try checkUsable()
        guard expected == lastPosition else {
            throw .fenced(expected: expected, actual: lastPosition)
        }
        for entry in entries where entry.payloadBytes > maximumPayloadBytes {
            throw .entryTooLarge(bytes: entry.payloadBytes, maximum: maximumPayloadBytes)
        }
        try makeRoom(for: entries)
        for entry in entries { place(entry) }
        return lastPosition
    }

    /// Gets every segment the entries need before any of them is placed.
    private func makeRoom(for entries: [NewLogEntry]) throws(LogError) {
        var tail = self.tail
        var chunkBytes = chunks.last?.bytes.count
        for entry in entries {
            let frame = EntryHeader.frameBytes(payload: entry.payloadBytes)
            switch placement(frame, chunkBytes: chunkBytes, tail: tail) {
            case .sameChunk:
                chunkBytes = (chunkBytes ?? 0) + frame
                tail.offset += frame
            case .newChunk:
                chunkBytes = CommitHeader.size + frame
                tail.offset += CommitHeader.size + frame
            case .newSegment:
                tail = try nextTail(after: tail, frame: frame)
                chunkBytes = CommitHeader.size + frame
                tail.offset += CommitHeader.size + frame
            }
        }
    }

    /// A segment has room for a seal after every commit.
    private func placement(_ frame: Int, chunkBytes: Int?, tail: Tail) -> Placement {
        if let chunkBytes, chunkBytes + frame <= settings.commitBytes,
            tail.offset + frame + CommitHeader.size <= tail.capacity
        {
            return .sameChunk
        }
        let needed = CommitHeader.size + frame + CommitHeader.size
        return tail.offset + needed <= tail.capacity ? .newChunk : .newSegment
    }

    /// The beginning of the planned segment after a tail, which is planned now if it was not.
    private func nextTail(after tail: Tail, frame: Int) throws(LogError) -> Tail {
        let index = tail.plan.map { $0 + 1 } ?? 0
        let needed =
            SegmentHeader.firstCommit + CommitHeader.size + frame + CommitHeader.size
        // One planned earlier, for entries that then found no room, may be too small; its file is
        // taken up or removed at the next start.
        if index < planned.count, planned[index].spare.bytes < needed {
            planned[index].spare = try spare(minimumBytes: needed)
        }
        if index >= planned.count {
            planned.append(
                Plan(spare: try spare(minimumBytes: needed), nonce: files.randomNumber()))
        }
        return Tail(
            nonce: planned[index].nonce, capacity: planned[index].spare.bytes,
            offset: SegmentHeader.firstCommit, plan: index)
    }

    private func spare(minimumBytes: Int) throws(LogError) -> SpareShelf.Spare {
        do throws(FileError) {
            if let ready = try shelf.take(minimumBytes: minimumBytes) { return ready }
            return try shelf.make(
                bytes: max(shelf.nextBytes, (minimumBytes + 4095) / 4096 * 4096),
                filled: 0)
        } catch {
            guard error.isFull else { throw fail(error) }
            throw .full(error)
        }
    }

    /// Encodes an entry behind the others; ``makeRoom(for:)`` has seen to its room.
    private func place(_ entry: NewLogEntry) {
        let payloadBytes = entry.payloadBytes
        let frame = EntryHeader.frameBytes(payload: payloadBytes)
        let position = lastPosition + 1
        let placement = placement(frame, chunkBytes: chunks.last?.bytes.count, tail: tail)
        if placement == .newSegment {
            let index = tail.plan.map { $0 + 1 } ?? 0
            tail = Tail(
                nonce: planned[index].nonce, capacity: planned[index].spare.bytes,
                offset: SegmentHeader.firstCommit, plan: index)
        }
        if placement != .sameChunk {
            var bytes = spareBuffer
            spareBuffer = []
            bytes.removeAll(keepingCapacity: true)
            bytes.append(contentsOf: repeatElement(0, count: CommitHeader.size))
            chunks.append(
                Chunk(plan: tail.plan, offset: tail.offset, firstPosition: position, bytes: bytes))
            tail.offset += CommitHeader.size
        }
        let last = chunks.count - 1
        let start = chunks[last].bytes.count
        chunks[last].bytes.append(contentsOf: repeatElement(0, count: EntryHeader.size))
        for piece in entry.payload { chunks[last].bytes.append(contentsOf: piece) }
        // What was just copied is read from the processor's cache.
        var checksum = EntryHeader.payloadChecksum(nonce: tail.nonce, position: position)
        chunks[last].bytes.withUnsafeBytes { bytes in
            checksum.add(
                UnsafeRawBufferPointer(rebasing: bytes[(start + EntryHeader.size)...]))
        }
        let header = EntryHeader(
            position: position, wallTime: entry.wallTime, payloadBytes: UInt32(payloadBytes),
            payloadChecksum: checksum.value, kind: entry.kind, flags: entry.flags)
        chunks[last].bytes.replaceSubrange(
            start..<start + EntryHeader.size,
            with: header.encode(nonce: tail.nonce, offset: tail.offset))
        let padding = frame - EntryHeader.size - payloadBytes
        chunks[last].bytes.append(contentsOf: repeatElement(0, count: padding))
        chunks[last].count += 1
        chunks[last].wallTime = entry.wallTime
        chunks[last].index.append((position, tail.offset))
        tail.offset += frame
        lastPosition = position
        lastWallTime = entry.wallTime
    }

    /// Writes and syncs what waits: one write and one sync for each started 1 MiB.
    public func commit() throws(LogError) {
        _ = try endCommit(waiting: true)
        guard let first = chunks.first else { return }
        if first.plan == nil { try checkFence(at: first.offset) }
        try failing { () throws(FileError) in
            for index in chunks.indices {
                if chunks[index].plan != nil, chunks[index].plan != chunks.previous(index)?.plan {
                    try roll(to: chunks[index])
                }
                let written = try write(&chunks[index])
                if settings.syncsCommits { try activeFile().sync() } else { isUnsynced = true }
                didWrite(written)
            }
        }
        forgetChunks()
    }

    /// Writes what waits, and leaves the sync to another thread.
    ///
    /// What takes more than one sync, because it is large or begins a segment, is committed at once.
    public func beginCommit(
        _ ended: @escaping @Sendable () -> Void
    ) throws(LogError) -> CommitProgress {
        _ = try endCommit(waiting: true)
        guard settings.syncsCommits, chunks.count == 1, chunks[0].plan == nil else {
            try commit()
            return .durable
        }
        try checkFence(at: chunks[0].offset)
        try failing { () throws(FileError) in
            let file = try activeFile()
            let written = try write(&chunks[0])
            let outcome = SyncOutcome()
            let wait = files.beside {
                outcome.set { () throws(FileError) in try file.sync() }
                ended()
            }
            underWay = UnderWay(written: written, outcome: outcome, wait: wait)
        }
        forgetChunks()
        return .underWay
    }

    /// Takes note of a sync that another thread did.
    public func endCommit(waiting: Bool) throws(LogError) -> Bool {
        try checkUsable()
        guard let commit = underWay else { return true }
        if waiting { commit.wait() }
        guard let outcome = commit.outcome.value else { return false }
        underWay = nil
        try failing { () throws(FileError) in try outcome.get() }
        didWrite(commit.written)
        return true
    }

    private func forgetChunks() {
        if let buffer = chunks.last?.bytes, buffer.capacity <= 2 * settings.commitBytes {
            spareBuffer = buffer
        }
        chunks.removeAll()
        if let used = tail.plan {
            planned.removeFirst(used + 1)
            tail.plan = nil
        }
    }

    private func write(_ chunk: inout Chunk) throws(FileError) -> Written {
        let header = CommitHeader(
            firstPosition: chunk.firstPosition, number: active.lastCommit &+ 1,
            wallTime: chunk.wallTime,
            entriesBytes: UInt32(chunk.bytes.count - CommitHeader.size), count: chunk.count,
            provesDurable: !isUnsynced)
        chunk.bytes.replaceSubrange(
            ..<CommitHeader.size,
            with: header.encode(nonce: active.header.nonce, offset: chunk.offset))
        let file = try activeFile()
        // One sync makes both durable. Should only the summary survive, the commit was not told
        // of; should only the commit, its header is where the summary's end is.
        if active.hasSummary { try active.eraseSummary(file: file) }
        let end = chunk.offset + chunk.bytes.count
        try file.write(padded(&chunk.bytes, at: chunk.offset), at: chunk.offset)
        return Written(header: header, end: end, index: chunk.index)
    }

    /// Takes note of a commit that is as durable as the settings say.
    private func didWrite(_ written: Written) {
        let header = written.header
        active.end = written.end
        active.lastCommit = header.number
        active.lastPosition = header.firstPosition + UInt64(header.count) - 1
        active.lastWallTime = header.wallTime
        active.fileBytes = max(active.fileBytes, active.end)
        for (position, offset) in written.index {
            active.index?.note(position: position, offset: offset, every: settings.indexBytes)
        }
        durablePosition = active.lastPosition
        isSealed = false
        shelf.keepUp(used: active.end, of: active.capacity)
    }

    /// Bytes with zeros up to the end of the page that holds the next commit's header.
    ///
    /// A page that is written whole need not be read from the disk first, and a prepared file's
    /// pages are not in the cache.
    private func padded(_ bytes: inout [UInt8], at offset: Int) -> [UInt8] {
        let page = Self.page
        let next = offset + bytes.count + CommitHeader.size
        let end = min((next + page - 1) / page * page, active.fileBytes)
        let padding = end - offset - bytes.count
        if padding > 0 { bytes.append(contentsOf: Self.zeros.prefix(padding)) }
        return bytes
    }

    private static var page: Int { 4_096 }

    /// The most that ``padded(_:at:)`` needs.
    private static let zeros = [UInt8](repeating: 0, count: page + CommitHeader.size)

    /// Refuses to write where another writer has written: it began later, and this one is over.
    ///
    /// One read of what the page cache holds; the lock of the folder is what keeps writers apart,
    /// and this is for file systems where it does not.
    private func checkFence(at offset: Int) throws(LogError) {
        do throws(FileError) {
            let bytes = try activeFile().read(CommitHeader.size, at: offset)
            guard
                let other = CommitHeader.decode(
                    bytes[...], nonce: active.header.nonce, offset: offset)
            else { return }
            fencedAt = max(durablePosition, other.firstPosition &+ UInt64(other.count) &- 1)
        } catch {
            throw fail(error)
        }
        try checkUsable()
    }

    /// Makes a planned file the active segment: header, sync, name, folder.
    private func roll(to chunk: Chunk) throws(FileError) {
        guard let plan = chunk.plan else { return }
        // The next segment's header says that everything before it is durable.
        try syncActive()
        let segment = try Opening.begin(
            spare: planned[plan].spare, nonce: planned[plan].nonce,
            firstPosition: chunk.firstPosition, lastCommit: active.lastCommit, folder: folder,
            files: files)
        newest.move(to: chunk.firstPosition)
        // A summary that cannot be written is made again at the next start.
        if let file = active.file, let index = active.index {
            try? active.writeSummary(file: file, index: index)
            if settings.spares > 0 { shelf.syncSoon(file) }
        }
        complete.append(active)
        use(active)
        // Groups that keep up read what is in memory still; what is older is read from the disk.
        // A log that keeps everything must not push all else out of the machine's memory, and
        // memory given back is cheaper to fill again than memory never used.
        if complete.count > 1 { complete[complete.count - 2].file?.forgetCached() }
        active = segment
        shelf.began(segmentBytes: segment.capacity)
    }

    /// Writes an empty commit, which proves that the one before it is durable.
    public func seal() throws(LogError) {
        try commit()
        guard !isSealed else { return }
        try checkFence(at: active.end)
        let header = CommitHeader(
            firstPosition: durablePosition &+ 1, number: active.lastCommit &+ 1,
            wallTime: active.lastWallTime, entriesBytes: 0, count: 0)
        try failing { () throws(FileError) in
            let file = try activeFile()
            try syncActive()
            try file.write(
                header.encode(nonce: active.header.nonce, offset: active.end), at: active.end)
            try file.sync()
        }
        active.end += CommitHeader.size
        active.lastCommit = header.number
        active.fileBytes = max(active.fileBytes, active.end)
        tail.offset = active.end
        isSealed = true
    }

    /// Syncs commits that were only written.
    public func sync() throws(LogError) {
        try checkUsable()
        try failing { () throws(FileError) in try syncActive() }
    }

    private func syncActive() throws(FileError) {
        guard isUnsynced else { return }
        try activeFile().sync()
        isUnsynced = false
    }

    func activeFile() throws(FileError) -> any LogFile {
        if let file = active.file { return file }
        let file = try files.open(active.path, creating: false)
        active.file = file
        return file
    }
}

/// What became of a sync on another thread.
final class SyncOutcome: Sendable {
    private let outcome = Mutex<Result<Void, FileError>?>(nil)

    /// What became of it; `nil` while it is not over.
    var value: Result<Void, FileError>? { outcome.withLock(\.self) }

    func set(_ sync: () throws(FileError) -> Void) {
        let result: Result<Void, FileError>
        do throws(FileError) {
            result = .success(try sync())
        } catch {
            result = .failure(error)
        }
        outcome.withLock { $0 = result }
    }
}

extension Array {
    /// The element before an index.
    fileprivate func previous(_ index: Int) -> Element? {
        index > 0 ? self[index - 1] : nil
    }
}
