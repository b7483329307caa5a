public import BaridEngine

/// Settings of the broker's core.
public struct CoreConfiguration: Sendable {
    /// Limits and times of the engine.
    public var engine = EngineConfiguration()
    /// About how many bytes go into one commit.
    ///
    /// The default is 1 MiB: a larger write takes longer than it saves.
    public var commitBytes = 1 << 20
    /// Below so many free bytes publishes are refused.
    ///
    /// The default is 64 MiB.
    public var softFreeBytes = 64 << 20
    /// Below so many free bytes outputs are refused too.
    ///
    /// The default is 24 MiB, more than the largest record.
    public var hardFreeBytes = 24 << 20
    /// The most bytes the log may use; above it publishes are refused.
    ///
    /// The default is no limit but the disk's.
    public var maximumLogBytes = Int.max
    /// How long nothing is appended until the log is sealed.
    ///
    /// The default is 100 ms.
    public var sealAfter = Duration.milliseconds(100)
    /// Records after which a snapshot is begun, whatever else is going on.
    ///
    /// The default is 200,000, which a start after a crash replays in some 0.2 s.
    public var snapshotRecords: UInt64 = 200_000
    /// Bytes of records after which a snapshot is begun, whatever else is going on.
    ///
    /// The default is 512 MiB, which a start after a crash reads in some 0.2 s from memory.
    public var snapshotBytes = 512 << 20
    /// Records after which an idle moment is used for a snapshot.
    ///
    /// The default is 10,000: it costs nobody anything then.
    public var idleSnapshotRecords: UInt64 = 10_000
    /// How many bytes may wait for a reader until nothing more is read for it.
    ///
    /// The default is 256 KiB.
    public var readerBytes = 256 << 10

    /// Settings with every default.
    public init() {}
}
