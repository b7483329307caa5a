/// How much the log holds, and how much more it can take.
public struct LogSpace: Sendable, Equatable {
    /// Bytes of segments and snapshots on disk; of payloads for a log in memory.
    public var used: Int
    /// Bytes that can still be appended without asking the file system for more.
    public var ready: Int
    /// Bytes the file system has free beyond that; `Int.max` where there is no such limit.
    public var free: Int

    /// Bytes of records written and kept; of `used`, the rest is prepared.
    public var written: Int

    /// Creates a statement of space.
    ///
    /// - Parameters:
    ///   - used: Bytes on disk.
    ///   - ready: Bytes of room prepared.
    ///   - free: Bytes of room beyond.
    ///   - written: Bytes of records. The default is all that is used.
    public init(used: Int, ready: Int, free: Int, written: Int? = nil) {
        self.used = used
        self.written = written ?? used
        self.ready = ready
        self.free = free
    }
}

/// A piece of the log that goes or stays as a whole.
public struct LogPart: Sendable, Equatable {
    /// The positions it holds.
    public var positions: ClosedRange<UInt64>
    /// Bytes on disk.
    public var bytes: Int
    /// Wall time of its last record, in nanoseconds since 1970.
    public var lastWallTime: Int64

    /// Creates a part.
    public init(positions: ClosedRange<UInt64>, bytes: Int, lastWallTime: Int64) {
        self.positions = positions
        self.bytes = bytes
        self.lastWallTime = lastWallTime
    }
}
