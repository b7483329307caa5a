/// What the shell has to do.
///
/// Records are appended at once, in order. Everything else waits until every record appended
/// before it is committed: that is what makes a receipt durable.
public enum Action: Sendable, Equatable {
    /// Append this record with the wall time of the step's instant.
    case append(Record)
    /// Answer a publisher, in the order of its stream.
    case receipts(StreamID, [Receipt])
    /// The subscription stands.
    case started(StreamID, SubscriptionStarted)
    /// Deliver an event under a lease, which ``Engine/takeGrants(into:)`` has a grant of.
    case deliver(StreamID, Delivery)
    /// Settlements up to this number are durable.
    case settled(StreamID, number: UInt64)
    /// A settlement changed nothing.
    case settleRefused(
        StreamID, sequence: UInt64, attempt: UInt32, turn: UInt64, BusFault)
    /// End the stream with this fault; the engine has forgotten it.
    case end(StreamID, BusFault)
    /// Read from the log, and answer with ``Input/fetched(_:_:)``.
    case fetch(Fetch)
    /// The answer to ``Input/createGroup(ticket:_:)``.
    case groupCreated(ticket: UInt64, Result<GroupCreated, BusFault>)
    /// The answer to ``Input/operate(ticket:topic:group:_:)``.
    case operated(ticket: UInt64, Result<GroupOperated, BusFault>)
}

/// The same answer for events that follow one another on a publisher's stream.
public struct Receipt: Sendable, Equatable {
    /// How many events.
    public var count: UInt32
    /// Sequence of the first; 0 when refused.
    public var firstSequence: UInt64
    /// True when the event (then it is one) had been stored before.
    public var duplicate: Bool
    /// Why the events were refused.
    public var fault: BusFault?

    /// Creates a receipt.
    public init(
        count: UInt32, firstSequence: UInt64, duplicate: Bool = false, fault: BusFault? = nil
    ) {
        self.count = count
        self.firstSequence = firstSequence
        self.duplicate = duplicate
        self.fault = fault
    }
}

/// What a subscription got.
public struct SubscriptionStarted: Sendable, Equatable {
    /// The broker's epoch; tokens of an older one are stale.
    public var epoch: UInt64
    /// The group.
    public var group: String
    /// The lease of each delivery.
    public var lease: Duration
    /// Failed attempts until an event is a dead letter.
    public var maximumDeliveries: UInt32
    /// The patterns of the group's filter.
    public var types: [String]
    /// The conditions of the group's filter on other attributes.
    public var attributes: [AttributeFilter] = []
}

/// One event handed to one worker.
public struct Delivery: Sendable, Equatable {
    /// Its sequence.
    public var sequence: UInt64
    /// Which attempt, from 1.
    public var attempt: UInt32
    /// Tells it from earlier deliveries under the same attempt; Protocols/2-bus §6.2.
    public var turn: UInt64 = 0
    /// Number of the replay, 0 if it is none.
    public var replay: UInt32 = 0
    /// The serialised event.
    public var bytes: ArraySlice<UInt8>
}

/// What to read from the log.
public enum Fetch: Sendable, Equatable {
    /// Events of a topic in order, starting at a record's position.
    case scan(
        group: GroupID, topic: TopicID, sequences: ClosedRange<UInt64>, position: UInt64,
        maximumEvents: Int, maximumBytes: Int)
    /// One event, in the record at a position.
    case event(group: GroupID, topic: TopicID, sequence: UInt64, position: UInt64)
}

/// A group that was asked for.
public struct GroupCreated: Sendable, Equatable {
    /// False when it existed.
    public var created: Bool
    /// Events already stored that it will see.
    public var behind: UInt64

    /// Creates an answer.
    public init(created: Bool, behind: UInt64) {
        self.created = created
        self.behind = behind
    }
}
