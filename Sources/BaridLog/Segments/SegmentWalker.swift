internal import CStorage

/// Walks the commits of a segment from its beginning, checking every byte.
struct SegmentWalker {
    /// How far a walk came, and what it found there.
    struct Outcome {
        var end = SegmentHeader.firstCommit
        var lastPosition: UInt64
        var lastWallTime: Int64 = 0
        var lastCommit: UInt64
        var index = SegmentIndex()
        /// The last commit is a seal, or there is none.
        var isSealed = true
        /// Bytes of the last commit, and of those before it that it does not prove durable.
        var lastCommitRange: Range<Int>
        /// Where it stopped being valid, and why.
        var stop: (offset: Int, reason: String)
    }

    /// What lies beyond the end.
    struct Beyond {
        /// A commit that proves that the one at the end was durable.
        var laterCommit: CommitHeader?
        /// Entries of a commit that was cut short.
        var tornEntries = 0
        /// End of the last bytes of this life; zero when there are none.
        var tornEnd = 0
    }

    private let file: any LogFile
    private let header: SegmentHeader
    private let indexBytes: Int
    private let fileBytes: Int
    private var window: [UInt8] = []
    private var windowOffset = 0
    private static let windowBytes = 1 << 20

    init(file: any LogFile, header: SegmentHeader, indexBytes: Int) throws(FileError) {
        self.file = file
        self.header = header
        self.indexBytes = indexBytes
        fileBytes = try file.size()
    }

    /// Goes from commit to commit until something is not valid.
    mutating func walk() throws(FileError) -> Outcome {
        var outcome = Outcome(
            lastPosition: header.firstPosition - 1, lastCommit: header.lastCommit,
            lastCommitRange: SegmentHeader.firstCommit..<SegmentHeader.firstCommit,
            stop: (SegmentHeader.firstCommit, ""))
        while try commit(&outcome) {}
        return outcome
    }

    /// Checks one commit; `false` when it is not valid, with the outcome's stop saying where.
    private mutating func commit(_ outcome: inout Outcome) throws(FileError) -> Bool {
        let start = outcome.end
        func stop(_ offset: Int, _ reason: String) -> Bool {
            outcome.stop = (offset, reason)
            return false
        }
        guard let bytes = try bytes(CommitHeader.size, at: start),
            let commit = CommitHeader.decode(bytes, nonce: header.nonce, offset: start)
        else { return stop(start, "there is no valid commit header") }
        guard commit.number == outcome.lastCommit &+ 1,
            commit.firstPosition == outcome.lastPosition &+ 1
        else { return stop(start, "commit \(commit.number) is out of order") }
        var next = outcome
        var offset = start + CommitHeader.size
        let end = offset + Int(commit.entriesBytes)
        for _ in 0..<commit.count {
            let position = next.lastPosition &+ 1
            guard let bytes = try self.bytes(EntryHeader.size, at: offset),
                let entry = EntryHeader.decode(bytes, nonce: header.nonce, offset: offset)
            else { return stop(offset, "the header of record \(position) is not valid") }
            let frameEnd = offset + EntryHeader.frameBytes(payload: Int(entry.payloadBytes))
            guard entry.position == position, frameEnd <= end else {
                return stop(offset, "record \(entry.position) is out of order")
            }
            guard try isPayloadValid(entry, at: offset + EntryHeader.size) else {
                return stop(offset, "the body of record \(position) is not what was written")
            }
            next.index.note(position: position, offset: offset, every: indexBytes)
            next.lastPosition = position
            next.lastWallTime = entry.wallTime
            offset = frameEnd
        }
        guard offset == end else { return stop(offset, "commit \(commit.number) is too short") }
        next.lastCommit = commit.number
        next.isSealed = commit.count == 0
        let isProof = commit.provesDurable || outcome.lastCommitRange.isEmpty
        next.lastCommitRange = (isProof ? start : outcome.lastCommitRange.lowerBound)..<end
        next.end = end
        outcome = next
        return true
    }

    private mutating func isPayloadValid(
        _ entry: EntryHeader, at offset: Int
    ) throws(FileError) -> Bool {
        var checksum = EntryHeader.payloadChecksum(nonce: header.nonce, position: entry.position)
        var offset = offset
        var rest = Int(entry.payloadBytes)
        while rest > 0 {
            let count = min(rest, Self.windowBytes / 2)
            guard let bytes = try bytes(count, at: offset) else { return false }
            bytes.withUnsafeBytes { checksum.add($0) }
            offset += count
            rest -= count
        }
        return checksum.value == entry.payloadChecksum || entry.isErased
    }

    /// Looks beyond the end for what a crash or damage left there.
    mutating func lookBeyond(_ outcome: Outcome) throws(FileError) -> Beyond {
        var beyond = Beyond()
        var offset = outcome.end
        if let bytes = try bytes(CommitHeader.size, at: offset),
            let commit = CommitHeader.decode(bytes, nonce: header.nonce, offset: offset)
        {
            beyond.tornEnd = min(fileBytes, offset + CommitHeader.size + Int(commit.entriesBytes))
        }
        var counted = offset
        // A window begins 40 bytes before the last one ended, so that no header is cut in two.
        while offset + CommitHeader.size <= fileBytes {
            let count = min(Self.windowBytes, fileBytes - offset)
            guard let bytes = try bytes(count, at: offset) else { break }
            for at in Self.offsets(of: CommitHeader.magic, in: bytes) {
                let commit = CommitHeader.decode(
                    bytes[(bytes.startIndex + at)...], nonce: header.nonce, offset: offset + at)
                guard let commit, commit.number > outcome.lastCommit &+ 1 else { continue }
                if beyond.laterCommit == nil { beyond.laterCommit = commit }
            }
            for at in Self.offsets(of: EntryHeader.magic, in: bytes) where offset + at >= counted {
                let entry = EntryHeader.decode(
                    bytes[(bytes.startIndex + at)...], nonce: header.nonce, offset: offset + at)
                guard let entry else { continue }
                let end = offset + at + EntryHeader.frameBytes(payload: Int(entry.payloadBytes))
                beyond.tornEntries += 1
                beyond.tornEnd = max(beyond.tornEnd, min(fileBytes, end))
                counted = offset + at + 8
            }
            guard offset + count < fileBytes else { break }
            offset += (count - CommitHeader.size) / 8 * 8
        }
        return beyond
    }

    /// Where headers with such a magic may begin, from the beginning of `bytes`.
    private static func offsets(of magic: UInt32, in bytes: ArraySlice<UInt8>) -> [Int] {
        bytes.withUnsafeBytes { buffer in
            var result: [Int] = []
            var at = 4
            while true {
                at = barid_find_word(buffer.baseAddress, buffer.count, at, 4, magic)
                guard at < buffer.count else { return result }
                result.append(at - 4)
                at += 8
            }
        }
    }

    /// Bytes of the file; `nil` where it ends before them.
    private mutating func bytes(
        _ count: Int, at offset: Int
    ) throws(FileError) -> ArraySlice<UInt8>? {
        guard offset >= 0, count <= fileBytes - offset else { return nil }
        if offset < windowOffset || offset + count > windowOffset + window.count {
            window = try file.read(
                max(count, min(Self.windowBytes, fileBytes - offset)), at: offset)
            windowOffset = offset
            guard window.count >= count else { return nil }
        }
        let start = offset - windowOffset
        return window[start..<start + count]
    }
}
