/// How a group stands now, for operators.
public struct GroupStatus: Sendable, Equatable {
    /// Every event up to this sequence is settled or of no interest.
    public var settledThrough: UInt64
    /// Whether deliveries are paused.
    public var isPaused: Bool
    /// Events stored and neither settled nor skipped, or due again.
    public var lag: UInt64
    /// Events due again by replays and retries.
    public var again: UInt64
    /// Deliveries under a lease.
    public var leased: Int
    /// Events suspected of killing workers.
    public var suspects: Int
    /// Events waiting for another attempt.
    public var waiting: Int
    /// Subscriptions.
    public var workers: Int
    /// Free credit of all of them together.
    public var credit: Int
    /// Events in the window: ready, blocked, out or waiting.
    public var window: Int
    /// Bytes of those held in memory.
    public var heldBytes: Int
}

extension Engine {
    /// How a group stands, or `nil` when there is none with this number.
    public func status(of group: GroupID) -> GroupStatus? {
        guard group.number < groups.count, !groups[Int(group.number)].isDeleted else {
            return nil
        }
        let index = Int(group.number)
        let runtime = groups[index]
        let state = durable.groups[index]
        var done = state.settled
        for range in runtime.skipped.ranges where range.upperBound > state.floor {
            done.insert(max(range.lowerBound, state.floor + 1)...range.upperBound)
        }
        let again = state.again.count
        let through = min(done.firstGap(from: state.floor + 1) - 1, state.doneThrough)
        let next = durable.topics[runtime.topic].next
        return GroupStatus(
            settledThrough: through, isPaused: runtime.isPaused,
            lag: next - min(next, state.floor + 1) - done.count + again, again: again,
            leased: runtime.leasedCount, suspects: runtime.suspectCount,
            waiting: runtime.waitingCount, workers: runtime.subscriptions.count,
            credit: runtime.subscriptions.reduce(0) { $0 + Int($1.credit) },
            window: runtime.count, heldBytes: runtime.heldBytes)
    }

    /// Events of a topic whose type no group of the topic takes; those that are trimmed count too
    /// until there are more of them than events kept.
    public func noSubscriber(of topic: TopicID) -> UInt64 {
        guard topic.number < durable.topics.count else { return 0 }
        let state = durable.topics[Int(topic.number)]
        let groups = groups.filter { $0.topic == Int(topic.number) && !$0.isDeleted }
        var count = groups.contains { $0.patterns.isEmpty } ? 0 : state.types.others
        for element in state.types.elements {
            let taken = element.type.withUnsafeBytes { type in
                groups.contains { $0.takes(type: type) }
            }
            if !taken { count += element.count }
        }
        return min(count, state.next - min(state.next, state.first))
    }

    /// Deliveries a subscription holds now.
    public func leased(by stream: StreamID) -> Int {
        guard let group = streams[stream], let index = groups[group].subscription(stream) else {
            return 0
        }
        return groups[group].subscriptions[index].leased
    }

    /// Deliveries under a lease, of all groups.
    public var leasedCount: Int { groups.reduce(0) { $0 + $1.leasedCount } }

    /// Whether publishes are taken now.
    public var isAccepting: Bool { storage == .accepting && !draining }

    /// Whether the broker stops.
    public var isDraining: Bool { draining }
}
