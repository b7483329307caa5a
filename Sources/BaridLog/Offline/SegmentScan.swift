internal import CStorage

/// One segment read as a whole, past damage: every record that can be read, and where what was
/// durable cannot.
///
/// For tools that work on a log nobody has open; a broker refuses damage instead.
struct SegmentScan {
    /// A record and where it is.
    struct Item {
        var header: EntryHeader
        var offset: Int
        var body: ArraySlice<UInt8>
    }

    private let bytes: [UInt8]
    private let header: SegmentHeader
    private let path: String
    /// The last position known to have been durable.
    private(set) var durableThrough: UInt64
    private(set) var items: [Item] = []
    private(set) var damages: [LogDamage] = []
    /// Commit headers that are not valid, and whose records are.
    private(set) var damagedCommits: [LogDamage] = []
    /// Where the last valid byte is, and what the next commit's number would be less one.
    private(set) var end = SegmentHeader.firstCommit
    private(set) var lastCommit: UInt64
    /// Records of a commit that a crash cut short.
    private(set) var tornRecords = 0
    private var next: UInt64
    /// Where and why the record that is due could not be read.
    private var trouble: (offset: Int, reason: String)?

    /// Reads a segment.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - header: Its header.
    ///   - path: Its path, for what is said of damage.
    ///   - durable: The last position known from elsewhere to have been durable here.
    init(_ bytes: [UInt8], header: SegmentHeader, path: String, durable: UInt64) {
        self.bytes = bytes
        self.header = header
        self.path = path
        lastCommit = header.lastCommit
        next = header.firstPosition
        durableThrough = durable
        for offset in offsets(of: CommitHeader.magic, from: SegmentHeader.firstCommit) {
            // A commit proves that the one before it is durable.
            if let commit = commit(at: offset) {
                durableThrough = max(durableThrough, commit.firstPosition &- 1)
            }
        }
        scan()
    }

    /// The position after the last one read or reported.
    var nextPosition: UInt64 { next }

    private mutating func scan() {
        while end < bytes.count {
            if let commit = commit(at: end), commit.firstPosition >= next,
                commit.number > lastCommit
            {
                lose(through: commit.firstPosition &- 1)
                take(commit)
                continue
            }
            guard next <= durableThrough else { break }
            note(end, "there is no valid commit header")
            // The commit's records may be whole; else the next commit is.
            guard let found = resume(from: end + 8) else { break }
            end = found
            if commit(at: end) == nil { takeEntries(until: bytes.count) }
        }
        guard next > durableThrough else {
            note(end, "the file ends before")
            lose(through: durableThrough)
            return
        }
        for offset in offsets(of: EntryHeader.magic, from: end) where entry(at: offset) != nil {
            tornRecords += 1
        }
    }

    private mutating func take(_ commit: CommitHeader) {
        let last = commit.firstPosition &+ UInt64(commit.count) &- 1
        let commitEnd = end + CommitHeader.size + Int(commit.entriesBytes)
        // A last commit that is not whole, and that nothing proves, was cut short by a crash.
        if commit.count > 0, last > durableThrough, !isWhole(commit, until: commitEnd) {
            end = bytes.count
            tornRecords += Int(commit.count)
            return
        }
        end += CommitHeader.size
        takeEntries(until: min(commitEnd, bytes.count))
        if commit.count > 0, next <= last {
            note(end, "the record's header is not valid")
            lose(through: last)
        }
        lastCommit = commit.number
        end = min(commitEnd, bytes.count)
    }

    private func isWhole(_ commit: CommitHeader, until commitEnd: Int) -> Bool {
        var offset = end + CommitHeader.size
        guard commitEnd <= bytes.count else { return false }
        for _ in 0..<commit.count {
            guard let entry = entry(at: offset), isValid(entry, at: offset) else { return false }
            offset += EntryHeader.frameBytes(payload: Int(entry.payloadBytes))
        }
        return offset == commitEnd
    }

    /// Takes the records up to an offset, or up to the next commit when that is not known.
    private mutating func takeEntries(until limit: Int) {
        while end + EntryHeader.size <= limit {
            if limit == bytes.count, commit(at: end) != nil { return }
            guard let entry = entry(at: end), entry.position >= next else {
                note(end, "the record's header is not valid")
                let found = offsets(of: EntryHeader.magic, from: end + 8).first {
                    $0 < limit && (self.entry(at: $0)?.position ?? 0) >= next
                }
                guard let found else { return }
                end = found
                continue
            }
            let frame = EntryHeader.frameBytes(payload: Int(entry.payloadBytes))
            guard end + frame <= limit else { return }
            lose(through: entry.position &- 1)
            next = entry.position
            if isValid(entry, at: end) {
                let start = end + EntryHeader.size
                items.append(
                    Item(
                        header: entry, offset: end,
                        body: bytes[start..<start + Int(entry.payloadBytes)]))
                next = entry.position &+ 1
            } else {
                note(end, "the record's body is not what was written")
                lose(through: entry.position)
            }
            end += frame
        }
    }

    private func isValid(_ entry: EntryHeader, at offset: Int) -> Bool {
        let start = offset + EntryHeader.size
        guard start + Int(entry.payloadBytes) <= bytes.count else { return false }
        guard !entry.isErased else { return true }
        var checksum = EntryHeader.payloadChecksum(nonce: header.nonce, position: entry.position)
        bytes[start..<start + Int(entry.payloadBytes)].withUnsafeBytes { checksum.add($0) }
        return checksum.value == entry.payloadChecksum
    }

    /// Where reading can go on after something that is not valid.
    private func resume(from offset: Int) -> Int? {
        let commits = offsets(of: CommitHeader.magic, from: offset).first {
            (commit(at: $0)?.number ?? 0) > lastCommit
        }
        let entries = offsets(of: EntryHeader.magic, from: offset).first {
            (entry(at: $0)?.position ?? 0) >= next
        }
        return [commits, entries].compactMap { $0 }.min()
    }

    private mutating func note(_ offset: Int, _ reason: String) {
        if trouble == nil { trouble = (offset, reason) }
    }

    /// Reports what is due up to a position as damaged.
    private mutating func lose(through position: UInt64) {
        defer { trouble = nil }
        guard next <= position else {
            if let trouble {
                damagedCommits.append(
                    LogDamage(
                        file: path, offset: trouble.offset, positions: next...next,
                        reason: trouble.reason))
            }
            return
        }
        let (offset, reason) = trouble ?? (end, "the records are missing")
        damages.append(
            LogDamage(file: path, offset: offset, positions: next...position, reason: reason))
        next = position &+ 1
    }

    // MARK: Bytes

    private func commit(at offset: Int) -> CommitHeader? {
        guard offset + CommitHeader.size <= bytes.count else { return nil }
        return CommitHeader.decode(bytes[offset...], nonce: header.nonce, offset: offset)
    }

    private func entry(at offset: Int) -> EntryHeader? {
        guard offset + EntryHeader.size <= bytes.count else { return nil }
        return EntryHeader.decode(bytes[offset...], nonce: header.nonce, offset: offset)
    }

    private func offsets(of magic: UInt32, from start: Int) -> some Sequence<Int> {
        let count = bytes.count
        return sequence(state: start + 4) { at -> Int? in
            guard at < count else { return nil }
            let found = bytes.withUnsafeBytes {
                barid_find_word($0.baseAddress, $0.count, at, 4, magic)
            }
            guard found < count else { return nil }
            at = found + 8
            return found - 4
        }
    }
}
