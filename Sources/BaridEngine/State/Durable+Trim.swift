extension Durable {
    /// Forgets what a trim lets go of; what groups had not done with is counted by each of them.
    mutating func apply(_ trim: Trim) throws(RecordFailure) {
        guard trim.position >= firstPosition, trim.position <= nextPosition else {
            throw .inconsistent("a trim to record \(trim.position) after \(firstPosition)")
        }
        firstPosition = trim.position
        for part in trim.topics {
            let index = Int(part.topic.number)
            guard index < topics.count, part.first >= topics[index].first,
                part.first <= topics[index].next
            else {
                throw .inconsistent("a trim of topic \(part.topic.number) to \(part.first)")
            }
            // What was lost at the end of a log may have been settled; its numbers are used up.
            if let end = part.lost.last?.upperBound, end >= topics[index].next {
                topics[index].next = end + 1
            }
            topics[index].first = max(topics[index].first, part.first)
            for group in groups.indices where groups[group].definition.topic == part.topic {
                groups[group].drop(before: part.first)
                for range in part.lost { groups[group].drop(range) }
            }
        }
        // Of every topic, also one from which nothing goes: reading begins at what is kept.
        for index in topics.indices { topics[index].dropPoints(before: firstPosition) }
        exits.removeAll { $0.position < trim.position }
    }

    /// Passes over a record that was lost to damage and replaced by a mark of its loss.
    ///
    /// - Parameter position: Its log position, which has to be ``nextPosition``.
    /// - Throws: ``RecordFailure/inconsistent(_:)`` when it is not.
    public mutating func skipLost(position: UInt64) throws(RecordFailure) {
        guard position == nextPosition else {
            throw .inconsistent("record \(position) where \(nextPosition) was due")
        }
        nextPosition += 1
        isAfterLoss = true
    }
}

extension DurableTopic {
    /// Reading begins no earlier than at a position and at the first sequence kept.
    mutating func dropPoints(before position: UInt64) {
        guard let index = points.lastIndex(where: { $0.sequence <= first }) else { return }
        points.removeFirst(index)
        points[0].sequence = max(points[0].sequence, first)
        points[0].position = max(points[0].position, position)
    }
}

extension DurableGroup {
    /// Is done with everything before a sequence, because it is kept no longer.
    mutating func drop(before first: UInt64) {
        guard first > 1 else { return }
        drop(1...first - 1)
    }

    /// Is done with a range, because it is kept no longer; counts what it was not done with.
    mutating func drop(_ range: ClosedRange<UInt64>) {
        guard !isDeleted else { return }
        if range.upperBound > floor {
            let open = max(range.lowerBound, floor + 1)...range.upperBound
            let done = settled.ranges(in: open).reduce(0) { $0 &+ UInt64($1.count) }
            trimmed &+= open.upperBound - open.lowerBound + 1 - done
        }
        trimmed &+= again.sequences.ranges(in: range).reduce(0) { $0 &+ UInt64($1.count) }
        settle([range])
    }
}
