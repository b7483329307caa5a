/// A change of durable state: what the log holds, and the only way ``Durable`` changes.
public enum Record: Sendable, Equatable {
    /// A broker started. The key of all identities is drawn at the first epoch and kept.
    case epoch(number: UInt64, key: HashKey)
    /// A topic began.
    case topicCreated(name: String)
    /// Events were stored.
    case events(EventBlock)
    /// A group settled sequences; `outputs` were emitted by doing so.
    case settled(group: GroupID, acked: UInt32, ranges: [ClosedRange<UInt64>], outputs: EventBlock?)
    /// Sequences went out for the first time.
    case delivered(group: GroupID, ranges: [ClosedRange<UInt64>])
    /// Later attempts go out after this record.
    case attempts(group: GroupID, [AttemptMark])
    /// An attempt failed; the next may start at `notBefore` (nanoseconds since 1970).
    case failed(group: GroupID, sequence: UInt64, FailedAttempt, notBefore: Int64)
    /// A group gave up on an event.
    case deadLetter(DeadLetter)
    /// Sequences expired before they were done.
    case expired(group: GroupID, ranges: [ClosedRange<UInt64>])
    /// A group began.
    case groupCreated(GroupDefinition)
    /// A worker was lost while it held deliveries of a group. The one it held alone has one solo
    /// death more; of several, none counts: their attempts did not happen.
    case workerLost(group: GroupID, WorkerLoss)
    /// Events are suspected of killing workers: they go out alone from now on.
    case suspect(group: GroupID, sequences: [UInt64])
    /// A group is paused, or goes on.
    case groupPaused(group: GroupID, paused: Bool)
    /// A group begins anew at a sequence; dead letters from there on are none any more.
    case groupReset(group: GroupID, start: UInt64)
    /// A group is no more; its number is not used again.
    case groupDeleted(group: GroupID)
    /// What a group is done with is due again, under the number of a replay; dead letters among
    /// it are none any more. A retry of dead letters has the number under which they failed.
    case replay(group: GroupID, number: UInt32, ranges: [ClosedRange<UInt64>])
    /// The older generation of identities is forgotten; a new one began at this wall time, in
    /// nanoseconds since 1970.
    case identitiesRotated(began: Int64)
    /// A supervisor reported how a worker ended.
    case workerExit(WorkerExit)
    /// Dead letters, by the positions of their records, are gone.
    case deadLettersRemoved(group: GroupID, positions: [UInt64])
    /// Topics hold less than before.
    case trim(Trim)

    /// The kind under which the record is logged.
    public var kind: RecordKind {
        switch self {
        case .epoch: .epoch
        case .topicCreated: .topicCreated
        case .events: .events
        case .settled(_, _, _, let outputs): outputs == nil ? .settled : .acknowledgedEvents
        case .delivered: .delivered
        case .attempts: .attempts
        case .failed: .failed
        case .deadLetter: .deadLetter
        case .expired: .expired
        case .groupCreated: .groupCreated
        case .workerLost: .workerLost
        case .suspect: .suspect
        case .groupPaused: .groupPaused
        case .groupReset: .groupReset
        case .groupDeleted: .groupDeleted
        case .replay: .replay
        case .identitiesRotated: .identitiesRotated
        case .workerExit: .workerExit
        case .deadLettersRemoved: .deadLettersRemoved
        case .trim: .trim
        }
    }
}

/// Number of a topic, in the order of creation from 0.
public struct TopicID: Sendable, Hashable {
    /// The number.
    public var number: UInt32

    /// Creates a topic id.
    public init(_ number: UInt32) { self.number = number }
}

/// Number of a group, in the order of creation from 0.
public struct GroupID: Sendable, Hashable {
    /// The number.
    public var number: UInt32

    /// Creates a group id.
    public init(_ number: UInt32) { self.number = number }
}

/// Events stored together under consecutive sequences.
public struct EventBlock: Sendable, Equatable {
    /// One event as it is stored.
    public struct Element: Sendable, Equatable {
        /// By what it is recognised when it comes again.
        public var identity: EventIdentity
        /// The serialised event.
        public var bytes: ArraySlice<UInt8>

        /// Creates an element.
        public init(identity: EventIdentity, bytes: ArraySlice<UInt8>) {
            self.identity = identity
            self.bytes = bytes
        }
    }

    /// The topic.
    public var topic: TopicID
    /// Sequence of the first event.
    public var firstSequence: UInt64
    /// The events, in order.
    public var events: [Element]

    /// Creates a block.
    public init(topic: TopicID, firstSequence: UInt64, events: [Element]) {
        self.topic = topic
        self.firstSequence = firstSequence
        self.events = events
    }
}

/// A later attempt of one event.
public struct AttemptMark: Sendable, Equatable {
    /// The event.
    public var sequence: UInt64
    /// Which attempt, from 2.
    public var attempt: UInt32

    /// Creates a mark.
    public init(sequence: UInt64, attempt: UInt32) {
        self.sequence = sequence
        self.attempt = attempt
    }
}

/// What a worker held of a group when its session was lost.
public struct WorkerLoss: Sendable, Equatable {
    /// Name of the worker.
    public var worker: String
    /// Its session.
    public var session: String
    /// The deliveries.
    public var held: [AttemptMark]

    /// Creates a loss.
    public init(worker: String, session: String, held: [AttemptMark]) {
        self.worker = worker
        self.session = session
        self.held = held
    }
}

/// An attempt that did not end in an ack.
public struct FailedAttempt: Sendable, Equatable {
    /// Which attempt, from 1.
    public var attempt: UInt32
    /// Name of the worker that had it.
    public var worker: String
    /// Session of that worker.
    public var session: String
    /// When the lease began, in nanoseconds since 1970.
    public var started: Int64
    /// When it ended, in nanoseconds since 1970.
    public var ended: Int64
    /// Why it failed.
    public var fault: BusFault

    /// Creates a failed attempt.
    public init(
        attempt: UInt32, worker: String, session: String, started: Int64, ended: Int64,
        fault: BusFault
    ) {
        self.attempt = attempt
        self.worker = worker
        self.session = session
        self.started = started
        self.ended = ended
        self.fault = fault
    }
}

/// An event a group gave up on.
public struct DeadLetter: Sendable, Equatable {
    /// The group.
    public var group: GroupID
    /// The event.
    public var sequence: UInt64
    /// Log position of the record that holds the event.
    public var eventPosition: UInt64
    /// When, in nanoseconds since 1970.
    public var time: Int64
    /// Why, in the end.
    public var fault: BusFault
    /// Every attempt that failed, the first first, since it was last made due again.
    public var attempts: [FailedAttempt]
    /// Log position of the dead letter it was before it was retried; 0 when it was none.
    public var earlier: UInt64

    /// Creates a dead letter.
    public init(
        group: GroupID, sequence: UInt64, eventPosition: UInt64, time: Int64, fault: BusFault,
        attempts: [FailedAttempt], earlier: UInt64 = 0
    ) {
        self.group = group
        self.sequence = sequence
        self.eventPosition = eventPosition
        self.time = time
        self.fault = fault
        self.attempts = attempts
        self.earlier = earlier
    }
}

/// What a group is, from its creation on.
public struct GroupDefinition: Sendable, Equatable {
    /// The topic.
    public var topic: TopicID
    /// Unique within the topic.
    public var name: String
    /// Patterns on the event type; empty for every type.
    ///
    /// They never change.
    public var types: [String]
    /// Conditions on other attributes, all of which an event has to meet, by name.
    ///
    /// They never change.
    public var attributes: [AttributeFilter]
    /// The first sequence the group sees.
    public var start: UInt64
    /// After so many failed attempts an event is a dead letter.
    public var maximumDeliveries: UInt32

    /// Creates a definition.
    public init(
        topic: TopicID, name: String, types: [String], attributes: [AttributeFilter] = [],
        start: UInt64, maximumDeliveries: UInt32
    ) {
        self.topic = topic
        self.name = name
        self.types = types
        self.attributes = attributes
        self.start = start
        self.maximumDeliveries = maximumDeliveries
    }
}

/// How a worker process ended, as its supervisor saw it.
public struct WorkerExit: Sendable, Equatable {
    /// Session the worker had with the broker; empty when it never had one.
    public var session: String
    /// The report as the supervisor sent it, serialised; the engine does not look into it.
    public var report: ArraySlice<UInt8>

    /// Creates a report.
    public init(session: String, report: ArraySlice<UInt8>) {
        self.session = session
        self.report = report
    }
}
