/// A log that lives as long as the process: for tests, and for a broker that keeps nothing.
public final class MemoryLog: EventLog {
    /// The first position kept.
    public private(set) var firstPosition: UInt64 = 1
    /// The last position appended.
    public private(set) var lastPosition: UInt64 = 0
    /// The last position committed.
    public private(set) var durablePosition: UInt64 = 0
    /// Wall time of the last record.
    public private(set) var lastWallTime: Int64 = 0
    /// The most payload bytes of one record.
    public let maximumPayloadBytes: Int
    /// The most payload bytes held, after which appending is refused as full.
    public let maximumBytes: Int
    /// Payload bytes that the next commit makes readable.
    public private(set) var pendingBytes = 0

    private var entries: [LogEntry] = []
    private var usedBytes = 0
    private var snapshots: [LogSnapshot] = []
    private var isClosed = false

    /// Creates an empty log.
    ///
    /// - Parameters:
    ///   - maximumBytes: The most payload bytes it holds. The default is no limit.
    ///   - maximumPayloadBytes: The most payload bytes of one record. The default is 18 MiB:
    ///     the largest event and what surrounds it.
    public init(maximumBytes: Int = .max, maximumPayloadBytes: Int = 18 << 20) {
        self.maximumBytes = maximumBytes
        self.maximumPayloadBytes = maximumPayloadBytes
    }

    /// The payload bytes held, and how many more may come.
    public var space: LogSpace {
        LogSpace(used: usedBytes, ready: maximumBytes - usedBytes, free: 0)
    }

    /// Appends records in memory.
    @discardableResult
    public func append(
        _ entries: [NewLogEntry], expecting expected: UInt64
    ) throws(LogError) -> UInt64 {
        try checkOpen()
        guard expected == lastPosition else {
            throw .fenced(expected: expected, actual: lastPosition)
        }
        var added = 0
        for entry in entries {
            let bytes = entry.payloadBytes
            guard bytes <= maximumPayloadBytes else {
                throw .entryTooLarge(bytes: bytes, maximum: maximumPayloadBytes)
            }
            added += bytes
        }
        guard added <= maximumBytes - usedBytes else {
            throw .full(FileError(operation: "append", path: "memory", code: 28))
        }
        for entry in entries {
            lastPosition += 1
            lastWallTime = entry.wallTime
            var payload: [UInt8] = []
            payload.reserveCapacity(entry.payloadBytes)
            for piece in entry.payload { payload.append(contentsOf: piece) }
            self.entries.append(
                LogEntry(
                    position: lastPosition, kind: entry.kind, flags: entry.flags,
                    wallTime: entry.wallTime, payload: payload[...]))
        }
        usedBytes += added
        pendingBytes += added
        return lastPosition
    }

    /// Makes what was appended readable.
    public func commit() throws(LogError) {
        try checkOpen()
        durablePosition = lastPosition
        pendingBytes = 0
    }

    /// Commits; there is nothing to say beyond that.
    public func seal() throws(LogError) {
        try commit()
    }

    /// Reads committed records.
    public func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry] {
        try checkOpen()
        guard position >= firstPosition else { throw .trimmed(first: firstPosition) }
        guard position <= durablePosition else { return [] }
        let start = Int(position - firstPosition)
        let available = Int(durablePosition - position) + 1
        return entries[start..<start + min(available, max(1, maximumCount))]
            .prefix(payloadBytes: maximumBytes)
    }

    /// Each 256 records that are durable.
    public func part(at index: Int) -> LogPart? {
        let start = index * 256
        guard index >= 0, start + 256 < entries.count,
            firstPosition + UInt64(start) + 256 <= durablePosition
        else { return nil }
        let part = entries[start..<start + 256]
        return LogPart(
            positions: firstPosition + UInt64(start)...firstPosition + UInt64(start) + 255,
            bytes: part.reduce(0) { $0 + $1.payload.count }, lastWallTime: part.last?.wallTime ?? 0)
    }

    /// Forgets records before a position.
    public func trim(before position: UInt64) throws(LogError) {
        try checkOpen()
        guard position <= durablePosition + 1 else {
            throw .notDurable(position: position, durable: durablePosition)
        }
        guard position > firstPosition else { return }
        let count = Int(position - firstPosition)
        usedBytes -= entries[..<count].reduce(0) { $0 + $1.payload.count }
        entries.removeFirst(count)
        firstPosition = position
    }

    /// Keeps the latest two snapshots.
    public func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError) {
        try checkOpen()
        guard position <= durablePosition else {
            throw .notDurable(position: position, durable: durablePosition)
        }
        snapshots.removeAll { $0.position == position }
        snapshots = snapshots.suffix(1) + [LogSnapshot(position: position, bytes: bytes)]
    }

    /// Positions of the latest two snapshots.
    public var snapshotPositions: [UInt64] { snapshots.map(\.position) }

    /// The latest snapshot.
    public func latestSnapshot() throws(LogError) -> LogSnapshot? {
        try checkOpen()
        return snapshots.last
    }

    /// Commits and refuses everything from now on.
    public func close() throws(LogError) {
        guard !isClosed else { return }
        try commit()
        isClosed = true
    }

    private func checkOpen() throws(LogError) {
        guard !isClosed else { throw .closed }
    }
}

extension ArraySlice<LogEntry> {
    /// The first entries, at least one, whose payloads together stay within a limit.
    func prefix(payloadBytes maximum: Int) -> [LogEntry] {
        var bytes = 0
        var result: [LogEntry] = []
        for entry in self {
            let total = bytes.addingReportingOverflow(entry.payload.count)
            guard result.isEmpty || (!total.overflow && total.partialValue <= maximum) else {
                break
            }
            bytes = total.partialValue
            result.append(entry)
        }
        return result
    }
}
