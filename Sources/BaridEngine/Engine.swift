/// The broker without its machinery: topics, groups, leases, attempts, identities.
///
/// A synchronous, deterministic state machine: no sockets, files, clocks, tasks or randomness.
/// The shell calls ``step(_:at:into:)`` for everything that happens and obeys the actions. The
/// durable half of the state changes only by records; the rest is volatile and dies with the
/// process. Specified in Protocols/2-bus.
public struct Engine: ~Copyable {
    /// Limits and times.
    public let configuration: EngineConfiguration
    /// What replaying the log gives.
    public internal(set) var durable: Durable
    var groups: [GroupRuntime] = []
    /// The group of each subscription.
    var streams: [StreamID: Int] = [:]
    var storage = Input.StorageLevel.accepting
    var draining = false
    /// Monotonic time that does not count, because the process was stopped.
    var suspended: Int64 = 0
    var lastStep: Int64 = .min
    /// The engine's clock and the recorded wall time of the step in progress.
    var clock: Int64 = 0
    var wall: Int64 = 0
    var lastFlush: Int64 = .min
    /// What each topic has taken since the process began.
    var topics: [TopicFigures] = []
    /// Events of publishers that were refused since the process began, by reason.
    public internal(set) var refused: [String: UInt64] = [:]
    /// Leases granted since they were last taken.
    var grants: [Grant] = []
    /// Identities of the batch at hand; kept for its memory.
    var batch: [UInt64: Int] = [:]

    /// Creates an engine on what was recovered; it works after ``open(key:at:into:)``.
    public init(configuration: EngineConfiguration = .init(), durable: Durable = .init()) {
        self.configuration = configuration
        self.durable = durable
        groups = durable.groups.map { Self.runtime(of: $0, in: durable) }
    }

    /// Begins a new epoch.
    ///
    /// - Parameters:
    ///   - key: Random; used at the first epoch of a log only.
    ///   - now: The time.
    ///   - actions: Where actions are added.
    public mutating func open(key: HashKey, at now: Instant, into actions: inout [Action]) {
        advance(to: now)
        let first = durable.epoch == 0
        append(
            .epoch(number: durable.epoch + 1, key: first ? key : durable.key), into: &actions)
        // What goes out from now on is told by this record from what went out before it.
        groups = durable.groups.map { Self.runtime(of: $0, in: durable) }
    }

    /// Tells the engine what happened.
    ///
    /// - Parameters:
    ///   - input: What happened.
    ///   - now: When; monotonic time never goes back.
    ///   - actions: Where actions are added; the array is the caller's to reuse.
    public mutating func step(_ input: Input, at now: Instant, into actions: inout [Action]) {
        advance(to: now)
        switch input {
        case .publish(let stream, let topic, let events):
            publish(stream, topic: topic, events: events, into: &actions)
        case .subscribe(let stream, let request):
            subscribe(stream, request, into: &actions)
        case .credit(let stream, let messages, let bytes):
            credit(stream, messages: messages, bytes: bytes, into: &actions)
        case .settle(let stream, let request):
            settle(stream, request, into: &actions)
        case .end(let stream, let cause):
            end(stream, cause, into: &actions)
        case .fetched(let group, let fetched):
            take(fetched, for: group, into: &actions)
        case .createGroup(let ticket, let request):
            createGroup(ticket: ticket, request, into: &actions)
        case .operate(let ticket, let topic, let group, let operation):
            operate(ticket: ticket, topic: topic, group: group, operation, into: &actions)
        case .workerExit(let exit):
            append(.workerExit(exit), into: &actions)
        case .removeDeadLetters(let group, let positions):
            removeDeadLetters(group, positions, into: &actions)
        case .storage(let level):
            storage = level
        case .trim(let trim):
            self.trim(trim, into: &actions)
        case .drain:
            draining = true
        case .commit:
            flushDelivered(into: &actions)
        case .sent(let grants):
            for grant in grants { begin(grant) }
        case .tick:
            tick(into: &actions)
        }
    }

    /// Takes the leases that were granted by the actions so far.
    ///
    /// Their deliveries wait for a commit, and a lease lasts from when its delivery left, so each has to
    /// be told back with ``Input/sent(_:)``; until then it does not end.
    ///
    /// - Parameter grants: An empty array whose memory is used for the next ones.
    public mutating func takeGrants(into grants: inout [Grant]) {
        swap(&grants, &self.grants)
    }

    /// The wall time to record with what the latest step appended; it never goes back.
    public var recordedWall: Int64 { wall }

    /// The monotonic instant, in nanoseconds, at which the engine wants a ``Input/tick``.
    public var nextWake: Int64? {
        var wake = Int64.max
        for group in groups {
            wake = min(wake, group.nextCheck)
            if !group.skipped.isEmpty || !group.delivered.isEmpty {
                wake = min(wake, lastFlush &+ configuration.flushInterval.nanoseconds)
            }
            for subscription in group.subscriptions where subscription.pausedUntil > clock {
                wake = min(wake, subscription.pausedUntil)
            }
        }
        return wake == .max ? nil : wake &+ suspended
    }

    /// The fault of everything new while the broker stops.
    static var drainingFault: BusFault {
        BusFault(.unavailable, .draining, "the broker stops", retryAfter: .seconds(1))
    }

    // MARK: Parts of a step

    mutating func append(_ record: Record, into actions: inout [Action]) {
        do throws(RecordFailure) {
            try durable.apply(record, position: durable.nextPosition, wall: wall)
        } catch {
            // The engine made a record that does not fit its own state.
            preconditionFailure("\(error)")
        }
        if case .groupCreated = record, let group = durable.groups.last {
            groups.append(Self.runtime(of: group, in: durable))
        }
        actions.append(.append(record))
    }

    /// Position of the latest record: whatever goes out next waits until that is durable.
    var latestRecord: UInt64 { durable.nextPosition - 1 }

    private mutating func advance(to now: Instant) {
        if lastStep != .min, let wake = nextWake {
            // The shell wakes in time unless the whole process was stopped meanwhile.
            let late = now.monotonic &- max(wake, lastStep)
            // When in the silence it was stopped nobody knows: none of it counts, so that a lease which
            // would have ended in it does not end before its ack, which waits in the socket, was read.
            if late > configuration.suspension.nanoseconds {
                suspended &+= now.monotonic &- lastStep
            }
        }
        lastStep = max(lastStep, now.monotonic)
        clock = lastStep &- suspended
        wall = max(durable.wall, now.wall)
        if lastFlush == .min { lastFlush = clock }
    }

    private mutating func tick(into actions: inout [Action]) {
        for index in groups.indices {
            if groups[index].nextCheck <= clock { check(index, into: &actions) }
            dispatch(index, into: &actions)
        }
        guard clock &- lastFlush >= configuration.flushInterval.nanoseconds else { return }
        flushSkipped(into: &actions)
        flushDelivered(into: &actions)
        lastFlush = clock
    }

    private mutating func flushSkipped(into actions: inout [Action]) {
        for index in groups.indices where !groups[index].skipped.isEmpty {
            let ranges = groups[index].skipped.ranges
            groups[index].skipped.removeAll()
            append(
                .settled(
                    group: GroupID(UInt32(index)), acked: 0, ranges: ranges, outputs: nil),
                into: &actions)
        }
    }

    private mutating func flushDelivered(into actions: inout [Action]) {
        for index in groups.indices where !groups[index].delivered.isEmpty {
            let ranges = takeFirstDeliveries(index)
            guard !ranges.isEmpty else { continue }
            append(.delivered(group: GroupID(UInt32(index)), ranges: ranges), into: &actions)
        }
    }

    /// Takes what went out for the first time, or for the first time again.
    ///
    /// What is settled by now needs no record.
    private mutating func takeFirstDeliveries(_ index: Int) -> [ClosedRange<UInt64>] {
        let floor = durable.groups[index].floor
        if durable.groups[index].again.isEmpty {
            groups[index].delivered.remove(through: floor)
        } else if let last = groups[index].delivered.ranges.last {
            var unsettled = durable.groups[index].again.sequences
            if last.upperBound > floor { unsettled.insert(floor + 1...last.upperBound) }
            groups[index].delivered = groups[index].delivered.intersection(unsettled)
        }
        let ranges = groups[index].delivered.ranges
        groups[index].delivered.removeAll()
        return ranges
    }

    static func runtime(
        of group: DurableGroup, in durable: Durable, meter: GroupMeter = GroupMeter()
    ) -> GroupRuntime {
        let topic = durable.topics[Int(group.definition.topic.number)]
        let first = group.settled.firstGap(from: group.floor + 1)
        return GroupRuntime(
            definition: group.definition, durable: group, position: topic.position(of: first),
            next: topic.next, record: durable.nextPosition - 1, meter: meter)
    }
}
