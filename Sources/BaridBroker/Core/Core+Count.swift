internal import BaridEngine
internal import BaridLog

/// A count of the stored events that a group has to do, in pieces, so that nobody else waits for
/// the whole of it.
struct BacklogCount: Sendable {
    let group: GroupID
    let topic: TopicID
    /// What was due when it began.
    let due: SequenceSet
    /// The next sequence to look at, and where to read on.
    var next: UInt64 = 0
    var position: UInt64 = 1
    /// Of what was looked at, what the filter takes.
    var found: UInt64 = 0
    /// How many were not looked at.
    var left: UInt64

    /// There is nothing more to look at.
    var isOver: Bool { left == 0 }
}

// Counting what a group has to do; Protocols/2-bus §4.2.
extension Core {
    /// Begins to count; where the engine knows the number, that is all.
    ///
    /// - Throws: `BusFault` when there is no such group.
    func count(topic name: String, group groupName: String) throws(BusFault) -> BacklogCount {
        guard let topic = engine.durable.topic(named: name),
            let group = engine.durable.group(named: groupName, of: topic),
            let due = engine.due(of: group)
        else {
            throw BusFault(
                .notFound, .noSuchGroup, "there is no group '\(groupName.prefix(80))'")
        }
        var count = BacklogCount(group: group, topic: topic, due: due, left: due.count)
        if let known = engine.knownCount(of: due, in: group) {
            count.found = known
            count.left = 0
        }
        return count
    }

    /// Goes on with a count for one piece of the log.
    func goOn(with count: inout BacklogCount) throws {
        guard let wanted = count.due.first(from: count.next) else {
            count.left = 0
            return
        }
        let start = engine.durable.topics[Int(count.topic.number)].position(of: wanted)
        let read = try log.read(
            from: max(count.position, start, log.firstPosition), maximumBytes: 512 << 10,
            maximumCount: 1_024)
        for entry in read {
            guard let block = try Record.events(kind: entry.kind, payload: entry.payload),
                block.topic == count.topic
            else { continue }
            for (offset, event) in block.events.enumerated() {
                let sequence = block.firstSequence + UInt64(offset)
                guard sequence >= count.next, count.due.contains(sequence) else { continue }
                count.next = sequence + 1
                count.left -= 1
                if engine.takes(event.bytes, group: count.group) { count.found += 1 }
            }
        }
        count.position = (read.last?.position ?? log.durablePosition) + 1
        // What is still not met was let go of by retention meanwhile.
        if count.position > log.durablePosition { count.left = 0 }
    }
}
