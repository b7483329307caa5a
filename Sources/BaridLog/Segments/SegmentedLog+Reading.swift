extension SegmentedLog {
    /// Complete segments that keep an open file and their index.
    private static let maximumLately = 4

    /// Reads durable records, in pieces that are kept for a while.
    public func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry] {
        guard !isClosed else { throw .closed }
        guard position >= firstPosition else { throw .trimmed(first: firstPosition) }
        var result: [LogEntry] = []
        var bytes = 0
        var next = position
        while next <= durablePosition, result.count < max(1, maximumCount) {
            let piece = try piece(containing: next)
            guard let first = piece.entries.first?.position else { break }
            for entry in piece.entries[Int(next - first)...] {
                let total = bytes.saturatingAdd(entry.payload.count)
                guard result.isEmpty || total <= maximumBytes else { return result }
                guard result.count < max(1, maximumCount), entry.position <= durablePosition else {
                    return result
                }
                result.append(entry)
                bytes = total
                next = entry.position + 1
            }
        }
        return result
    }

    private func piece(containing position: UInt64) throws(LogError) -> ReadCache.Piece {
        if let piece = cache.piece(containing: position) { return piece }
        let result: Result<ReadCache.Piece, LogDamage>
        do throws(FileError) {
            result = try find(position, in: segment(containing: position))
        } catch {
            throw .unreadable(error)
        }
        switch result {
        case .success(let piece):
            cache.add(piece)
            return piece
        case .failure(let damage):
            throw .damaged(damage)
        }
    }

    /// Reads from the nearest known place on, until a piece holds the position.
    private func find(
        _ position: UInt64, in segment: Segment
    ) throws(FileError) -> Result<ReadCache.Piece, LogDamage> {
        let (file, index) = try opened(segment)
        var offset = SegmentHeader.firstCommit
        var next = segment.header.firstPosition
        var count = settings.readBytes / 4
        if let known = cache.offset(of: position, inSegment: segment.header.nonce) {
            offset = known
            next = position
            count = settings.readBytes
        } else if let near = index.entry(before: position) {
            offset = near.offset
            next = near.position
        }
        while true {
            let result = try load(
                segment, file: file, offset: offset, position: next, count: count)
            guard case .success(let piece) = result, !piece.contains(position) else {
                return result
            }
            offset = piece.nextOffset
            next = piece.nextPosition
        }
    }

    /// The segment of a position that is kept and durable.
    private func segment(containing position: UInt64) -> Segment {
        guard position < active.header.firstPosition else { return active }
        var low = 0
        var high = complete.count
        while low < high {
            let middle = (low + high) / 2
            if complete[middle].lastPosition < position { low = middle + 1 } else { high = middle }
        }
        return low < complete.count ? complete[low] : active
    }

    /// File and index of a segment, which stay open for a while.
    private func opened(
        _ segment: Segment
    ) throws(FileError) -> (file: any LogFile, index: SegmentIndex) {
        guard segment !== active else {
            return (try activeFile(), active.index ?? SegmentIndex())
        }
        let file: any LogFile
        if let open = segment.file {
            file = open
        } else {
            file = try files.open(segment.path, creating: false)
            segment.file = file
        }
        use(segment)
        if let index = segment.index { return (file, index) }
        let index = try Opening.index(of: segment, file: file, indexBytes: settings.indexBytes)
        segment.index = index
        return (file, index)
    }

    /// Keeps a complete segment's file and index, and gives back those used longest ago.
    func use(_ segment: Segment) {
        lately.removeAll { $0 === segment }
        lately.append(segment)
        while lately.count > Self.maximumLately {
            let oldest = lately.removeFirst()
            oldest.file?.forgetCached()
            oldest.file = nil
            oldest.index = nil
        }
    }

    /// Reads and checks the entries from an offset on, which is that of a header.
    ///
    /// A piece ends before damage; damage is what is found where a piece begins.
    private func load(
        _ segment: Segment, file: any LogFile, offset: Int, position: UInt64, count: Int
    ) throws(FileError) -> Result<ReadCache.Piece, LogDamage> {
        let nonce = segment.header.nonce
        var bytes = try file.read(min(count, segment.end - offset), at: offset)
        var piece = ReadCache.Piece(
            segment: nonce, entries: [], nextPosition: position, nextOffset: offset, bytes: 0)
        var at = 0
        var reason = "the file is too short"
        // What may follow the last record, a seal, is not part of it.
        while bytes.count - at >= EntryHeader.size, piece.nextPosition <= segment.lastPosition {
            let header = bytes[at..<at + EntryHeader.size]
            let place = offset + at
            if let commit = CommitHeader.decode(header, nonce: nonce, offset: place) {
                guard commit.firstPosition == piece.nextPosition else {
                    reason = "a commit is out of order"
                    break
                }
                at += CommitHeader.size
                piece.nextOffset = offset + at
                continue
            }
            guard let entry = EntryHeader.decode(header, nonce: nonce, offset: place),
                entry.position == piece.nextPosition
            else {
                reason = "the record's header is not valid"
                break
            }
            let frame = EntryHeader.frameBytes(payload: Int(entry.payloadBytes))
            guard frame <= segment.end - place else {
                reason = "the record is too long"
                break
            }
            if frame > bytes.count - at {
                // A record that no piece has room for is read to its end, and ends this one.
                guard piece.entries.isEmpty || frame > count else { break }
                if !piece.entries.isEmpty { piece.bytes += bytes.count }
                bytes += try file.read(at + frame - bytes.count, at: offset + bytes.count)
                guard bytes.count == at + frame else { break }
            }
            let start = at + EntryHeader.size
            let payload = bytes[start..<start + Int(entry.payloadBytes)]
            var checksum = EntryHeader.payloadChecksum(nonce: nonce, position: entry.position)
            payload.withUnsafeBytes { checksum.add($0) }
            guard checksum.value == entry.payloadChecksum || entry.isErased else {
                reason = "the record's body is not what was written"
                break
            }
            piece.entries.append(
                LogEntry(
                    position: entry.position, kind: entry.kind, flags: entry.flags,
                    wallTime: entry.wallTime, payload: payload))
            at += frame
            piece.nextPosition &+= 1
            piece.nextOffset = offset + at
        }
        guard !piece.entries.isEmpty else {
            return .failure(
                LogDamage(
                    file: segment.path, offset: offset + at,
                    positions: position...max(position, segment.lastPosition), reason: reason))
        }
        piece.bytes += bytes.count
        return .success(piece)
    }
}
