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
    /// Records after which an idle moment is used for a snapshot.
    ///
    /// The default is 50,000, which takes a start a fraction of a second to read.
    public var snapshotRecords: UInt64 = 50_000
    /// How many bytes may wait for a reader until nothing more is read for it.
    ///
    /// The default is 256 KiB.
    public var readerBytes = 256 << 10

    /// Settings with every default.
    public init() {}
}
