/// One line of a history: what one actor did or saw, and when.
///
/// A flat value, because the format is: which fields an operation needs and what they mean is
/// the table of Protocols/5-history. Fields that an operation does not use stay empty.
public struct HistoryEntry: Sendable, Equatable {
    /// What was done or seen.
    public enum Operation: String, Sendable, CaseIterable {
        /// The first line of a file; its value is the version of the format.
        case history
        /// A named bound that holds for the whole history.
        case limit
        /// What was measured of a process.
        case sample
        /// A group exists, and what it is owed.
        case group
        /// Events of a group are owed once more.
        case replay
        /// A group is gone, and with it what it was owed.
        case groupDeleted = "group_deleted"
        /// A group began anew at an offset: what lies before it is done, the rest is owed once more.
        case groupReset = "group_reset"
        /// A publisher, or a worker with its ack, is about to send an event.
        case publishTry = "pub_try"
        /// The receipt: stored.
        case publishOK = "pub_ok"
        /// The receipt: refused, not stored by this try.
        case publishError = "pub_err"
        /// No receipt came: stored or not.
        case publishUnknown = "pub_unknown"
        /// A worker has a delivery.
        case deliver
        /// A worker is about to settle, or to extend the lease.
        case ackTry = "ack_try"
        /// The broker said that the settlement is durable.
        case ackOK = "ack_ok"
        /// The broker said that the settlement changed nothing.
        case ackStale = "ack_stale"
        /// No answer came: settled or not.
        case ackUnknown = "ack_unknown"
        /// A worker's session is over.
        case sessionEnd = "session_end"
        /// The worker of a session, or its broker, is of a version that knows no turns.
        case turnless
        /// A worker's work took effect, once for each time it did.
        case effect
        /// Faults are over: from here on everything has to come to an end in time.
        case heal
        /// The log was asked at the end: an event it holds.
        case log
        /// Retention removed what is before an offset.
        case trim
        /// The broker was asked at the end: an event that a group is still owed.
        case pending
        /// The broker was asked at the end: a dead letter.
        case deadLetter = "dlq"
        /// Somebody removed a dead letter, or replayed its event under a new number.
        case deadLetterRemoved = "dlq_removed"
        /// Somebody asked for a dead letter to be tried again, under its number.
        case deadLetterRetried = "dlq_retried"
        /// The broker said that a dead letter is gone for good.
        case deadLetterPurged = "dlq_purged"
        /// The broker recorded that an event expired for a group.
        case expired
        /// The broker recorded that retention took an event before the group was done with it.
        case trimmed
        /// The broker recorded that a worker was lost with several deliveries, this one among them,
        /// so that it goes out again under its number.
        case lost
        /// The index was asked at the end: what stands under a key.
        case row
        /// The last line: the dumps are complete.
        case end
    }

    /// How a delivery was settled.
    public enum Settlement: String, Sendable, CaseIterable {
        /// Done.
        case ack
        /// Another attempt, please.
        case nack
        /// A dead letter at once.
        case reject
        /// Given back, uncounted.
        case release
        /// More time; the delivery goes on.
        case extend
    }

    /// The part of a fencing token that grows: the broker's epoch, then the turn, then the attempt.
    public struct Token: Sendable, Hashable, Comparable {
        /// The broker's epoch.
        public var epoch: UInt64
        /// What tells handings-out under the same attempt apart.
        public var turn: UInt64
        /// The attempt, from 1.
        public var attempt: UInt64

        /// Creates a token.
        public init(epoch: UInt64, turn: UInt64 = 0, attempt: UInt64) {
            self.epoch = epoch
            self.turn = turn
            self.attempt = attempt
        }

        /// Orders tokens of one group and event by when they were given out.
        public static func < (left: Token, right: Token) -> Bool {
            (left.epoch, left.turn, left.attempt) < (right.epoch, right.turn, right.attempt)
        }
    }

    /// Nanoseconds of a monotonic clock that all actors share.
    public var time: Int64
    /// Who writes; of a limit or sample, whom it is about.
    public var actor: String
    /// What was done or seen.
    public var operation: Operation
    /// The event's identity, unique in the whole history.
    public var event = ""
    /// A hash of the event's data, in whatever form, the same for all actors.
    public var hash = ""
    /// The ordering key, empty for none; of a row, its name.
    public var key = ""
    /// The event type.
    public var type = ""
    /// The topic; empty for the only one.
    public var topic = ""
    /// The group.
    public var group = ""
    /// Filter of a group; empty for every type.
    public var types: [String] = []
    /// The worker's session, so that its end frees what it held.
    public var session = ""
    /// The delivery's token.
    public var token: Token?
    /// How it was settled.
    public var how = Settlement.ack
    /// Sequence in the topic; 0 for unknown.
    public var offset: UInt64 = 0
    /// The last sequence of a range.
    public var last: UInt64 = 0
    /// Revision of what the event describes; the highest one wins in the index.
    public var revision: UInt64 = 0
    /// Which replay for the group; 0 for none.
    public var replay: UInt64 = 0
    /// Which life of the group, from 0: each reset and each deletion ends one.
    public var life: UInt64 = 0
    /// The receipt said that the event had been stored before.
    public var duplicate = false
    /// The lease, in nanoseconds; 0 for unknown.
    public var lease: Int64 = 0
    /// When the broker gave the delivery out, if the writer knows.
    public var sent: Int64?
    /// The earliest time at which the session may have been over for the broker.
    public var from: Int64?
    /// Name of a limit or measure.
    public var name = ""
    /// Its value; of a dead letter its number.
    public var value: Int64 = 0
    /// The error, for a person.
    public var result = ""

    /// Creates an entry; the fields its operation needs are set afterwards.
    public init(_ operation: Operation, time: Int64, actor: String) {
        self.operation = operation
        self.time = time
        self.actor = actor
    }

    /// Creates an entry and sets its fields in place.
    public init(
        _ operation: Operation, time: Int64, actor: String, _ fill: (inout HistoryEntry) -> Void
    ) {
        self.init(operation, time: time, actor: actor)
        fill(&self)
    }
}
