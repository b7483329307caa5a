/// Limits and times of the engine.
///
/// Every default says why.
public struct EngineConfiguration: Sendable, Equatable {
    /// Most bytes of one event.
    ///
    /// The default is 1 MiB: thousands of words with markup.
    public var maximumEventBytes = 1 << 20
    /// Most events of one publish.
    ///
    /// The default is 1,024, where batching gains nothing more.
    public var maximumBatchEvents = 1_024
    /// Most bytes of one publish of several events.
    ///
    /// The default is 1 MiB, as for one event.
    public var maximumBatchBytes = 1 << 20
    /// Most events an ack may emit.
    ///
    /// The default is 1,024.
    public var maximumOutputs = 1_024
    /// Most bytes an ack may emit.
    ///
    /// The default is 16 MiB, the hard limit of an event.
    public var maximumOutputBytes = 16 << 20
    /// The lease of a subscription that names none.
    ///
    /// The default is 30 s.
    public var lease = Duration.seconds(30)
    /// The longest lease.
    ///
    /// The default is an hour: longer work belongs in several events.
    public var maximumLease = Duration.seconds(3_600)
    /// Failed attempts until an event is a dead letter.
    ///
    /// The default is 5, some three minutes.
    public var maximumDeliveries: UInt32 = 5
    /// Times an event may be given back, or lost to a restart, uncounted.
    ///
    /// The default is 20.
    public var maximumReleases: UInt32 = 20
    /// Workers that may be lost with an event alone until it is a dead letter, however many failed
    /// attempts it may have.
    ///
    /// The default is 2: once may be chance.
    public var maximumSoloDeaths: UInt32 = 2
    /// Delays before the next attempts; the last one repeats.
    ///
    /// Each is shortened by up to a fifth, by a hash, so that what failed together does not come
    /// back together.
    public var backoff: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120)]
    /// The longest delay a worker may ask for.
    ///
    /// The default is an hour.
    public var maximumDelay = Duration.seconds(3_600)
    /// Most events of a group that are out or held at once.
    ///
    /// The default is 8,192, some hundred bytes each.
    public var maximumWindow = 8_192
    /// Most bytes of events a group holds ready in memory.
    ///
    /// The default is 4 MiB.
    public var maximumWindowBytes = 4 << 20
    /// Most events asked of the log at once.
    ///
    /// The default is 256.
    public var fetchEvents = 256
    /// Most bytes asked of the log at once; one event may be larger.
    ///
    /// The default is 512 KiB.
    public var fetchBytes = 512 << 10
    /// Most credit a subscription may hold.
    ///
    /// The default is 65,536 messages.
    public var maximumCredit: Int64 = 65_536
    /// Most bytes of credit a subscription may hold.
    ///
    /// The default is 64 MiB.
    public var maximumCreditBytes: Int64 = 64 << 20
    /// Events of one generation of the window of identities.
    ///
    /// The default is 131,072: a repeat is recognised among at least the last 131,072 events and not
    /// many more than twice as many, in at most 13 MiB.
    public var identities = 131_072
    /// How long an identity is remembered at least, unless as many events as two generations hold
    /// came after it; it is forgotten before twice this time.
    ///
    /// The default is 24 h: who publishes again knows of it within a day.
    public var identityAge = Duration.seconds(86_400)
    /// Most topics.
    ///
    /// The default is 64.
    public var maximumTopics = 64
    /// Most groups.
    ///
    /// The default is 256.
    public var maximumGroups = 256
    /// Most groups ever, those deleted among them: their numbers are not used again.
    ///
    /// The default is 4,096.
    public var maximumGroupNumbers = 4_096
    /// Most subscriptions at once.
    ///
    /// The default is 1,024.
    public var maximumSubscriptions = 1_024
    /// Most attributes a filter has conditions on.
    ///
    /// The default is 8.
    public var maximumAttributes = 8
    /// Most patterns of a filter, and most values of an attribute in it.
    ///
    /// The default is 32.
    public var maximumPatterns = 32
    /// Most replays of a group at once.
    ///
    /// The default is 64.
    public var maximumReplays = 64
    /// Most ranges of sequences a group may have due again by replays and retries.
    ///
    /// The default is 65,536, in about 1 MiB.
    public var maximumReplayRanges = 65_536
    /// How long what a filter skipped may stay unrecorded.
    ///
    /// The default is 1 s; after a crash that much is looked at again.
    public var flushInterval = Duration.seconds(1)
    /// A silence of the clock that is taken for a stopped process: leases do not run in it.
    public var suspension = Duration.seconds(2)
    /// When refused publishers may try again.
    ///
    /// The default is 1 s.
    public var storageRetry = Duration.seconds(1)

    /// Creates a configuration with the defaults.
    public init() {}
}
