internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import SwiftProtobuf

// How the groups stand, for operators.
extension Core {
    /// How every group stands.
    var groupStatuses: [Barid_Admin_V1_GroupStatus] {
        engine.durable.groups.indices.compactMap { status(ofGroup: $0) }
    }

    /// How a group stands; `nil` when it was deleted.
    private func status(ofGroup index: Int) -> Barid_Admin_V1_GroupStatus? {
        guard let now = engine.status(of: GroupID(UInt32(index))) else { return nil }
        let state = engine.durable.groups[index]
        let topic = engine.durable.topics[Int(state.definition.topic.number)]
        return .with {
            $0.topic = topic.name
            $0.group = state.definition.name
            $0.types = state.definition.types
            $0.maximumDeliveries = state.definition.maximumDeliveries
            $0.deadLetters = UInt64(state.deadLetters.count)
            $0.acked = state.acked
            $0.redelivered = state.redelivered
            $0.trimmed = state.trimmed
            $0.expired = state.expired
            $0.settledThrough = now.settledThrough
            $0.lag = now.lag
            $0.leased = UInt64(now.leased)
            $0.waiting = UInt64(now.waiting)
            $0.workers = UInt32(clamping: now.workers)
            $0.credit = UInt64(now.credit)
            $0.window = UInt64(now.window)
            $0.heldBytes = UInt64(now.heldBytes)
            $0.paused = now.isPaused
            $0.replaying = now.again
            $0.suspects = UInt64(now.suspects)
            $0.attributes = state.definition.attributes.map { attribute in
                .with {
                    $0.name = attribute.name
                    $0.values = attribute.values
                }
            }
            if let wall = oldestStored(ofGroup: index, now) {
                $0.oldestUnsettled = Google_Protobuf_Timestamp(nanoseconds: wall)
            }
        }
    }

    /// When the oldest event was stored that a group is not done with; `nil` when there is none, and
    /// when that cannot be known.
    ///
    /// Of what is in no window the log is read once, however often this is asked.
    func oldestStored(ofGroup index: Int, _ now: GroupStatus) -> Int64? {
        guard now.lag > 0 else { return nil }
        let sequence = now.settledThrough + 1
        if let wall = engine.storedTime(of: sequence, in: GroupID(UInt32(index))) { return wall }
        if let known = knownOldest[index], known.sequence == sequence { return known.wall }
        let state = engine.durable.groups[index]
        let topic = engine.durable.topics[Int(state.definition.topic.number)]
        guard let wall = stored(sequence, of: topic, state) else { return nil }
        knownOldest[index] = (sequence, wall)
        return wall
    }

    /// When an event was stored; `nil` when it is not on the disk, or cannot be read.
    private func stored(
        _ sequence: UInt64, of topic: DurableTopic, _ group: DurableGroup
    ) -> Int64? {
        let start = topic.position(of: sequence)
        let read = try? events(from: start, bytes: 512 << 10, count: 128)
        let found = read?.first {
            $0.block.topic == group.definition.topic && $0.block.firstSequence <= sequence
                && sequence - $0.block.firstSequence < UInt64($0.block.events.count)
        }
        return found?.entry.wallTime
    }
}
