public import BaridEngine

/// Settings of the broker's core.
public struct CoreConfiguration: Sendable {
    /// Limits and times of the engine.
    public var engine = EngineConfiguration()
    /// About how many bytes go into one commit.
    ///
    /// The default is 1 MiB: a larger write takes longer than it saves.
    public var commitBytes = 1 << 20
    /// From how many bytes on a commit is synced on another thread, while the core goes on.
    ///
    /// The default is 32 KiB: a smaller one takes less time than waking that thread and being woken by
    /// it, unless others wait for it.
    public var asideBytes = 32 << 10
    /// Below so many bytes of room publishes are refused; what lies between this and the hard limit
    /// is the reserve of workers' outputs.
    ///
    /// The default is 64 MiB: the reserve takes what is under way when the limit is met.
    public var softFreeBytes = 64 << 20
    /// Below so many bytes of room outputs are refused too: the floor of the disk, which settling
    /// alone may go below.
    ///
    /// The default is 24 MiB, more than the largest record.
    public var hardFreeBytes = 24 << 20
    /// The most bytes of records the log may hold; above it publishes are refused.
    ///
    /// Outputs may use the reserve beyond it. Prepared files take up to two segments more.
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
    /// What is kept.
    ///
    /// The default is everything.
    public var retention = RetentionRules()
    /// How often it is looked for what is to be kept no longer.
    ///
    /// The default is 10 s: a segment takes longer to fill, and looking costs one read.
    public var retentionInterval = Duration.seconds(10)
    /// How many bytes may wait for a reader until nothing more is read for it.
    ///
    /// The default is 256 KiB.
    public var readerBytes = 256 << 10

    /// Settings with every default.
    public init() {}

    /// The reserve of workers' outputs.
    var reserveBytes: Int { max(0, softFreeBytes - hardFreeBytes) }

    /// Everything that makes no sense, for a person; empty when all does.
    public var problems: [String] {
        var problems: [String] = []
        func check(_ name: String, _ isRight: Bool, _ value: String, _ rule: String) {
            if !isRight { problems.append("\(name) is \(value), and must be \(rule)") }
        }
        check(
            "the hard limit of free bytes", hardFreeBytes >= 20 << 20, "\(hardFreeBytes)",
            "at least \(20 << 20), the largest record")
        check(
            "the soft limit of free bytes", softFreeBytes >= hardFreeBytes, "\(softFreeBytes)",
            "at least the hard limit, \(hardFreeBytes)")
        check(
            "the most bytes of the log", maximumLogBytes >= 1 << 20, "\(maximumLogBytes)",
            "at least \(1 << 20)")
        check(
            "the events of the window of identities", (1...(1 << 24)).contains(engine.identities),
            "\(engine.identities)", "from 1 to \(1 << 24)")
        check(
            "the time of the window of identities",
            engine.identityAge >= .seconds(1) && engine.identityAge <= .seconds(366 * 86_400),
            "\(engine.identityAge)", "from 1 s to 366 days")
        return problems
    }
}
