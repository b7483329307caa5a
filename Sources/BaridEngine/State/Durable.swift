/// The broker's durable state: exactly what replaying the log gives.
///
/// It changes in ``apply(_:position:wall:)`` and nowhere else, so the same records give the same
/// state, to the hash.
public struct Durable: Sendable, Equatable {
    /// Where the report of a worker's exit is in the log.
    public struct ExitMark: Sendable, Equatable {
        /// Session the worker had.
        public var session: String
        /// Log position of the report.
        public var position: UInt64
    }

    /// How many exit reports are kept at hand; older ones stay in the log.
    static let maximumExits = 4_096

    /// The position the next record gets; positions count records from 1.
    public internal(set) var nextPosition: UInt64 = 1
    /// The latest recorded wall time in nanoseconds since 1970; it never goes back.
    public internal(set) var wall: Int64 = 0
    /// The epoch of the broker that writes; 0 before the first.
    public internal(set) var epoch: UInt64 = 0
    /// The key of all identities.
    public internal(set) var key = HashKey(low: 0, high: 0)
    /// Topics by number.
    public internal(set) var topics: [DurableTopic] = []
    /// Groups by number.
    public internal(set) var groups: [DurableGroup] = []
    /// The highest number a replay was given; all groups draw on it, so that it orders the
    /// replays of a whole pipeline.
    public internal(set) var replays: UInt32 = 0
    /// Positions of the latest reports of workers' exits, oldest first.
    public internal(set) var exits: [ExitMark] = []
    var identities = IdentityWindow()
    /// The first position that may still be needed; the log may let go of those before.
    public internal(set) var firstPosition: UInt64 = 1
    /// Where the last trim that changed anything is in the log; 0 when there is none.
    public internal(set) var lastTrim: UInt64 = 0
    /// Records before this one were lost to damage, so that sequences may be missing.
    var isAfterLoss = false

    /// Creates the state before the first record.
    public init() {}

    /// Brings the state up to a record.
    ///
    /// - Parameters:
    ///   - record: What changed.
    ///   - position: Its log position, which has to be ``nextPosition``.
    ///   - wall: The time recorded with it, in nanoseconds since 1970.
    /// - Throws: ``RecordFailure/inconsistent(_:)`` when the record does not fit; the state is
    ///   then unusable.
    public mutating func apply(
        _ record: Record, position: UInt64, wall: Int64
    ) throws(RecordFailure) {
        guard position == nextPosition else {
            throw .inconsistent("record \(position) where \(nextPosition) was due")
        }
        nextPosition += 1
        self.wall = max(self.wall, wall)
        switch record {
        case .epoch(let number, let key):
            guard number > epoch else { throw .inconsistent("epoch \(number) after \(epoch)") }
            epoch = number
            self.key = key
        case .topicCreated(let name):
            topics.append(DurableTopic(name: name))
        case .events(let block):
            try append(block, position: position)
        case .settled(let group, let acked, let ranges, let outputs):
            let index = try check(group)
            groups[index].settle(ranges)
            groups[index].acked &+= UInt64(acked)
            if let outputs { try append(outputs, position: position) }
        case .delivered(let group, let ranges):
            let index = try check(group)
            groups[index].deliver(ranges)
        case .attempts(let group, let marks):
            let index = try check(group)
            for mark in marks {
                groups[index].attempts[mark.sequence, default: .init()].started = mark.attempt
                groups[index].redelivered &+= 1
            }
        case .failed(let group, let sequence, let failure, let notBefore):
            let index = try check(group)
            var attempts = groups[index].attempts[sequence] ?? .init()
            attempts.started = max(attempts.started, failure.attempt)
            attempts.failures.append(failure)
            attempts.notBefore = notBefore
            attempts.isSuspect = false
            groups[index].attempts[sequence] = attempts
        case .deadLetter(let letter):
            let index = try check(letter.group)
            let replay = groups[index].again.number(of: letter.sequence) ?? 0
            groups[index].settle([letter.sequence...letter.sequence])
            groups[index].deadLetters.append(
                .init(
                    sequence: letter.sequence, eventPosition: letter.eventPosition,
                    position: position, replay: replay))
        case .expired(let group, let ranges):
            let index = try check(group)
            groups[index].settle(ranges)
            groups[index].expired &+= ranges.reduce(0) {
                $0 &+ ($1.upperBound &- $1.lowerBound) &+ 1
            }
        case .workerLost(let group, let loss):
            groups[try check(group)].lose(loss.held)
        case .suspect(let group, let sequences):
            let index = try check(group)
            for sequence in sequences { groups[index].suspect(sequence) }
        case .groupPaused(let group, let paused):
            groups[try check(group)].isPaused = paused
        case .groupReset(let group, let start):
            let index = try check(group)
            guard start > 0, start <= topics[Int(groups[index].definition.topic.number)].next else {
                throw .inconsistent("a reset of a group to \(start), which is not in its topic")
            }
            groups[index].reset(to: start)
        case .groupDeleted(let group):
            let index = try check(group)
            groups[index] = DurableGroup(definition: groups[index].definition)
            groups[index].isDeleted = true
        case .groupCreated(let definition):
            guard definition.topic.number < topics.count, definition.start > 0 else {
                throw .inconsistent("group '\(definition.name)' of no topic")
            }
            groups.append(DurableGroup(definition: definition))
        case .replay(let group, let number, let ranges):
            let index = try check(group)
            let next = topics[Int(groups[index].definition.topic.number)].next
            for range in ranges {
                guard range.lowerBound > 0, range.upperBound < next, groups[index].isDone(range)
                else { throw .inconsistent("a replay of \(range), which is not all done") }
            }
            groups[index].replay(ranges, number: number)
            replays = max(replays, number)
        case .identitiesRotated(let began):
            identities.rotate(at: began)
        case .workerExit(let exit):
            if exits.count == Self.maximumExits { exits.removeFirst() }
            exits.append(ExitMark(session: exit.session, position: position))
        case .deadLettersRemoved(let group, let positions):
            groups[try check(group)].removeDeadLetters(at: positions)
        case .trim(let trim):
            // One that changes nothing only makes a position for a snapshot.
            if trim.position > firstPosition || !trim.topics.isEmpty { lastTrim = position }
            try apply(trim)
        }
    }

    /// The number of the topic with this name.
    public func topic(named name: String) -> TopicID? {
        topics.firstIndex { $0.name == name }.map { TopicID(UInt32($0)) }
    }

    /// The number of the group with this name.
    public func group(named name: String, of topic: TopicID) -> GroupID? {
        groups.firstIndex {
            $0.definition.topic == topic && $0.definition.name == name && !$0.isDeleted
        }
        .map { GroupID(UInt32($0)) }
    }

    private func check(_ group: GroupID) throws(RecordFailure) -> Int {
        guard group.number < groups.count, !groups[Int(group.number)].isDeleted else {
            throw .inconsistent("no group \(group.number)")
        }
        return Int(group.number)
    }

    private mutating func append(
        _ block: EventBlock, position: UInt64
    ) throws(RecordFailure) {
        let index = Int(block.topic.number)
        if isAfterLoss, index < topics.count, topics[index].next < block.firstSequence {
            let lost = topics[index].next...block.firstSequence - 1
            topics[index].next = block.firstSequence
            for group in groups.indices where groups[group].definition.topic == block.topic {
                groups[group].drop(lost)
            }
        }
        guard index < topics.count, topics[index].next == block.firstSequence else {
            throw .inconsistent(
                "events from \(block.firstSequence) of topic \(index) out of order")
        }
        var bytes: UInt64 = 0
        var sequence = block.firstSequence
        identities.begin(at: wall)
        for event in block.events {
            identities.insert(event.identity, sequence: sequence)
            topics[index].types.add(event.bytes)
            bytes &+= UInt64(event.bytes.count)
            sequence += 1
        }
        topics[index].append(
            count: UInt64(block.events.count), bytes: bytes, position: position, wall: wall)
    }
}
