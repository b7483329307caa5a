/// What opening a log found, beside what it holds.
public struct LogRecovery: Sendable, Equatable {
    /// The log was closed in order; nothing had to be looked into.
    public var wasClosed = true
    /// Records of a last commit that a crash cut short.
    ///
    /// Nobody was told that they were durable.
    public var droppedRecords = 0
    /// Bytes of those records.
    public var droppedBytes = 0
}
