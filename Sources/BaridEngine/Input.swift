/// A stream of a client as the shell numbers it; never reused while the process lives.
public struct StreamID: Sendable, Hashable {
    /// The number.
    public var number: UInt64

    /// Creates a stream id.
    public init(_ number: UInt64) { self.number = number }
}

/// What happened outside, as the engine is told of it.
public enum Input: Sendable {
    /// A publisher sent events for a topic.
    case publish(StreamID, topic: String, events: [ArraySlice<UInt8>])
    /// A worker joins a group.
    case subscribe(StreamID, SubscriptionRequest)
    /// A worker has room for more deliveries; both numbers add up.
    case credit(StreamID, messages: UInt32, bytes: UInt64)
    /// A worker settles deliveries.
    case settle(StreamID, SettleRequest)
    /// A subscription ended.
    case end(StreamID, EndCause)
    /// The shell answers ``Action/fetch(_:)``.
    case fetched(GroupID, Fetched)
    /// A group is to exist; the answer is ``Action/groupCreated(ticket:_:)``.
    case createGroup(ticket: UInt64, SubscriptionRequest)
    /// An operator changes a group; the answer is ``Action/operated(ticket:_:)``.
    case operate(ticket: UInt64, topic: String, group: String, GroupOperation)
    /// A supervisor reported a worker's end.
    case workerExit(WorkerExit)
    /// Dead letters of a group, by the positions of their records, are to go; those that are
    /// gone already are passed over.
    case removeDeadLetters(GroupID, positions: [UInt64])
    /// How full the log is.
    case storage(StorageLevel)
    /// Topics are to hold less than before.
    case trim(Trim)
    /// The broker stops: nothing new is taken or given out, settling goes on.
    case drain
    /// A commit is about to be made: what may ride along is appended.
    case commit
    /// Deliveries left: the leases of these grants begin.
    case sent([Grant])
    /// The time given by ``Engine/nextWake`` has come.
    case tick

    /// Why a subscription ended.
    public enum EndCause: Sendable, Equatable {
        /// The worker left: what it held goes to others and no attempt counts.
        case left
        /// The session was lost: what it held counts as failed.
        case lost
    }

    /// How full the log is.
    public enum StorageLevel: Sendable, Equatable {
        /// There is room.
        case accepting
        /// Publishes are refused; settling, with outputs, goes on.
        case publishesRefused
        /// Outputs are refused too; deliveries stay leased.
        case outputsRefused
    }
}

/// What a worker asks for when it subscribes.
public struct SubscriptionRequest: Sendable, Equatable {
    /// Where a new group starts.
    public enum Start: Sendable, Equatable {
        /// At the first event kept.
        case first
        /// At the next event to be stored.
        case new
        /// At the last event stored; like ``new`` if there is none.
        case last
        /// At a sequence, or the nearest one there is.
        case sequence(UInt64)
    }

    /// The topic.
    public var topic: String
    /// The group.
    public var group: String
    /// Patterns on the type; empty for every type, or for whatever the group has.
    public var types: [String]
    /// Conditions on other attributes, all of which an event has to meet; each name once.
    public var attributes: [AttributeFilter]
    /// Where a new group starts.
    public var start: Start
    /// The lease of each delivery; zero for the default.
    public var lease: Duration
    /// For a new group: failed attempts until an event is a dead letter; 0 for the default.
    public var maximumDeliveries: UInt32
    /// Name of the worker.
    public var worker: String
    /// Name of the worker's session.
    public var session: String
    /// The worker sends back the turns of its deliveries; Protocols/2-bus §6.2.
    public var knowsTurns: Bool

    /// Creates a request.
    public init(
        topic: String, group: String, types: [String] = [],
        attributes: [AttributeFilter] = [], start: Start = .first, lease: Duration = .zero,
        maximumDeliveries: UInt32 = 0, worker: String = "", session: String = "",
        knowsTurns: Bool = false
    ) {
        self.topic = topic
        self.group = group
        self.types = types
        self.attributes = attributes.sorted { $0.name < $1.name }
        self.start = start
        self.lease = lease
        self.maximumDeliveries = maximumDeliveries
        self.worker = worker
        self.session = session
        self.knowsTurns = knowsTurns
    }
}

/// Settlements of one request.
public struct SettleRequest: Sendable {
    /// Plain acks of consecutive sequences with the same attempt and turn.
    public struct AckRange: Sendable, Equatable {
        /// The first sequence.
        public var first: UInt64
        /// How many follow one another.
        public var count: UInt32
        /// The attempt of all of them.
        public var attempt: UInt32
        /// Their turn.
        public var turn: UInt64

        /// Creates a range.
        public init(first: UInt64, count: UInt32, attempt: UInt32, turn: UInt64 = 0) {
            self.first = first
            self.count = count
            self.attempt = attempt
            self.turn = turn
        }
    }

    /// One delivery's end, or more time for it.
    public struct Settlement: Sendable {
        /// The event.
        public var sequence: UInt64
        /// The attempt; with epoch, group and turn the fencing token.
        public var attempt: UInt32
        /// The turn.
        public var turn: UInt64
        /// What becomes of it.
        public var outcome: Outcome

        /// Creates a settlement.
        public init(sequence: UInt64, attempt: UInt32, turn: UInt64 = 0, outcome: Outcome) {
            self.sequence = sequence
            self.attempt = attempt
            self.turn = turn
            self.outcome = outcome
        }
    }

    /// What becomes of a delivery.
    public enum Outcome: Sendable {
        /// Done; the outputs are stored in the same record.
        case ack(outputs: [ArraySlice<UInt8>])
        /// Another attempt, after `delay` or, when zero, the backoff.
        case nack(delay: Duration, BusFault)
        /// A dead letter at once.
        case reject(BusFault)
        /// More time from now on; zero for the subscription's lease.
        case extend(Duration)
        /// Given back uncounted; the worker takes nothing for `pause`.
        case release(pause: Duration, BusFault)
    }

    /// The number of the request, reported back when it is durable.
    public var number: UInt64
    /// Plain acks.
    public var acks: [AckRange]
    /// Everything else.
    public var settlements: [Settlement]

    /// Creates a request.
    public init(number: UInt64, acks: [AckRange] = [], settlements: [Settlement] = []) {
        self.number = number
        self.acks = acks
        self.settlements = settlements
    }
}

/// An event read back from the log.
public struct FetchedEvent: Sendable {
    /// Its sequence.
    public var sequence: UInt64
    /// Log position of the record that holds it.
    public var position: UInt64
    /// The serialised event.
    public var bytes: ArraySlice<UInt8>
    /// When it was stored, in nanoseconds since 1970; 0 when that is not known.
    public var stored: Int64

    /// Creates a fetched event.
    public init(
        sequence: UInt64, position: UInt64, bytes: ArraySlice<UInt8>, stored: Int64 = 0
    ) {
        self.sequence = sequence
        self.position = position
        self.bytes = bytes
        self.stored = stored
    }
}

/// The answer to ``Action/fetch(_:)``.
public enum Fetched: Sendable {
    /// The next events of a scan; everything before `nextSequence` was looked at, and
    /// reading goes on at `nextPosition`.
    case scan(events: [FetchedEvent], nextSequence: UInt64, nextPosition: UInt64)
    /// One event for another attempt.
    case event(FetchedEvent)
    /// The log could not be read; `sequence` is `nil` for a scan. The engine asks again after
    /// a second.
    case failed(sequence: UInt64?)
}
