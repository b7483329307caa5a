/// How much the log holds, and how much more it can take.
public struct LogSpace: Sendable, Equatable {
    /// Bytes of segments and snapshots on disk; of payloads for a log in memory.
    public var used: Int
    /// Bytes that can still be appended without asking the file system for more.
    public var ready: Int
    /// Bytes the file system has free beyond that; `Int.max` where there is no such limit.
    public var free: Int

    /// Creates a statement of space.
    public init(used: Int, ready: Int, free: Int) {
        self.used = used
        self.ready = ready
        self.free = free
    }
}
