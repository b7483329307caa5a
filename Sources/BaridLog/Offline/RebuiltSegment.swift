/// A segment written anew: the records that could be read, and marks where the others were.
struct RebuiltSegment {
    /// The whole file.
    private(set) var bytes: [UInt8]

    /// Builds a segment.
    ///
    /// - Parameters:
    ///   - positions: What it holds.
    ///   - items: The records there are, in order.
    ///   - nonce: Of its new life.
    ///   - lastCommit: Number of the last commit before it.
    ///   - capacity: The size it had.
    init(
        positions: ClosedRange<UInt64>, items: [SegmentScan.Item], nonce: UInt64,
        lastCommit: UInt64, capacity: Int
    ) {
        var number = lastCommit
        var wallTime = items.first?.header.wallTime ?? 0
        bytes = [UInt8](repeating: 0, count: SegmentHeader.firstCommit)
        var position = positions.lowerBound
        var rest = items[...]
        while position <= positions.upperBound {
            let start = bytes.count
            let first = position
            bytes += [UInt8](repeating: 0, count: CommitHeader.size)
            while position <= positions.upperBound, bytes.count - start < 1 << 20 {
                if let item = rest.first, item.header.position == position {
                    rest.removeFirst()
                    wallTime = item.header.wallTime
                    Self.add(
                        item.body, kind: item.header.kind, flags: item.header.flags, position,
                        wallTime, nonce, to: &bytes)
                } else {
                    Self.add(
                        [], kind: LogEntry.lost, flags: 0, position, wallTime, nonce, to: &bytes)
                }
                position += 1
            }
            number &+= 1
            let header = CommitHeader(
                firstPosition: first, number: number, wallTime: wallTime,
                entriesBytes: UInt32(bytes.count - start - CommitHeader.size),
                count: UInt32(position - first))
            bytes.replaceSubrange(
                start..<start + CommitHeader.size,
                with: header.encode(nonce: nonce, offset: start))
        }
        let seal = CommitHeader(
            firstPosition: position, number: number &+ 1, wallTime: wallTime, entriesBytes: 0,
            count: 0)
        bytes += seal.encode(nonce: nonce, offset: bytes.count)
        let size = max(capacity, (bytes.count + 4_095) / 4_096 * 4_096)
        let segment = SegmentHeader(
            nonce: nonce, firstPosition: positions.lowerBound, lastCommit: lastCommit,
            bytes: UInt64(size)
        ).encode()
        bytes.replaceSubrange(..<segment.count, with: segment)
        bytes.replaceSubrange(
            SegmentHeader.copyOffset..<SegmentHeader.copyOffset + segment.count, with: segment)
        bytes += [UInt8](repeating: 0, count: size - bytes.count)
    }

    private static func add(
        _ body: ArraySlice<UInt8>, kind: UInt8, flags: UInt16, _ position: UInt64,
        _ wallTime: Int64, _ nonce: UInt64, to bytes: inout [UInt8]
    ) {
        var checksum = EntryHeader.payloadChecksum(nonce: nonce, position: position)
        body.withUnsafeBytes { checksum.add($0) }
        let header = EntryHeader(
            position: position, wallTime: wallTime, payloadBytes: UInt32(body.count),
            payloadChecksum: checksum.value, kind: kind, flags: flags)
        bytes += header.encode(nonce: nonce, offset: bytes.count)
        bytes += body
        bytes += [UInt8](
            repeating: 0,
            count: EntryHeader.frameBytes(payload: body.count) - EntryHeader.size - body.count)
    }
}
