/// The kinds of log records, by the byte that stands before a payload in the log.
///
/// Numbers are never reused. 200 and above belong to the log itself. The table of record kinds
/// in Protocols/2-bus lists them.
public enum RecordKind: UInt8, Sendable, CaseIterable {
    /// Events published to a topic.
    case events = 1
    /// Acks together with the events they emitted, atomically.
    case acknowledgedEvents = 2
    /// Ranges of a group that are done: acked, or of no interest to its filter.
    case settled = 3
    /// Ranges of a group that went out for the first time.
    case delivered = 4
    /// Later attempts, recorded before they go out.
    case attempts = 5
    /// An attempt that failed, and when the next one may start.
    case failed = 6
    /// An event a group gave up on, with every attempt.
    case deadLetter = 7
    /// How a worker process ended.
    case workerExit = 8
    /// Events suspected of killing workers.
    case suspect = 9
    /// Ranges of a group that expired before they were done.
    case expired = 10
    /// A group begins.
    case groupCreated = 11
    /// A group is paused, or goes on.
    case groupPaused = 12
    /// A group begins anew at a sequence.
    case groupReset = 13
    /// What a group is done with is due again.
    case replay = 14
    /// Topics hold less than before: retention let go of it, or damage took it.
    case trim = 15
    /// A broker starts; leases of earlier epochs are stale.
    case epoch = 16
    /// A topic begins.
    case topicCreated = 17
    /// The older generation of the window of identities is forgotten.
    case identitiesRotated = 18
    /// Reserved: an event whose data was erased.
    case erased = 19
    /// A group is no more.
    case groupDeleted = 20
    /// Dead letters of a group that are gone.
    case deadLettersRemoved = 21
    /// A worker was lost while it held deliveries.
    case workerLost = 22
}
