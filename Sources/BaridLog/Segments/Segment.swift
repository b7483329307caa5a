/// One file of the log, owned by the log's owner thread.
final class Segment {
    let path: String
    let header: SegmentHeader
    /// Last position it holds; one less than the first when it holds none.
    var lastPosition: UInt64
    var lastWallTime: Int64 = 0
    var lastCommit: UInt64
    /// Where the last commit ends.
    var end = SegmentHeader.firstCommit
    /// The file has a summary of what it holds now.
    ///
    /// A complete segment may keep one; of the segment written to, it says that the log was
    /// closed, and is taken out with the next write.
    var hasSummary = false
    /// Size of the file, for the account of space.
    var fileBytes = 0
    /// Open while it is written to or was read lately.
    var file: (any LogFile)?
    /// Known while it is written to or was read lately.
    var index: SegmentIndex?

    init(path: String, header: SegmentHeader) {
        self.path = path
        self.header = header
        lastPosition = header.firstPosition - 1
        lastCommit = header.lastCommit
    }

    /// Size it may grow to.
    var capacity: Int { Int(header.bytes) }

    static func name(firstPosition: UInt64) -> String {
        let digits = String(firstPosition)
        return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }

    /// The position in a file's name; `nil` for a file that is no segment.
    static func firstPosition(ofName name: String) -> UInt64? {
        guard name.utf8.count == 24, name.hasSuffix(".log") else { return nil }
        let digits = name.dropLast(4)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(digits)
    }

    /// Writes down what a segment holds.
    ///
    /// It is not synced here: without it, the next start walks the segment instead.
    func writeSummary(file: any LogFile, index: SegmentIndex) throws(FileError) {
        let bytes = index.encode()
        let summary = SegmentSummary(
            lastPosition: lastPosition, lastWallTime: lastWallTime, lastCommit: lastCommit,
            end: UInt64(end), indexCount: UInt32(index.positions.count),
            indexChecksum: bytes[...].checksum(after: [header.nonce]))
        try file.write(bytes, at: end)
        try file.write(summary.encode(nonce: header.nonce), at: SegmentSummary.offset)
        hasSummary = true
        fileBytes = max(fileBytes, end + bytes.count)
    }

    /// Takes a summary out before the segment is written to again.
    func eraseSummary(file: any LogFile) throws(FileError) {
        try file.write(
            [UInt8](repeating: 0, count: SegmentSummary.size), at: SegmentSummary.offset)
        hasSummary = false
    }

    /// The index that a summary speaks of, when it can be read.
    func readIndex(file: any LogFile, summary: SegmentSummary) throws(FileError) -> SegmentIndex? {
        let count = Int(summary.indexCount)
        guard count <= capacity / EntryHeader.size else { return nil }
        let bytes = try file.read(count * 16, at: Int(clamping: summary.end))
        guard bytes.count == count * 16,
            bytes[...].checksum(after: [header.nonce]) == summary.indexChecksum
        else { return nil }
        return SegmentIndex(bytes)
    }
}
