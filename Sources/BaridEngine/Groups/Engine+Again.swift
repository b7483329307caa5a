// What a group is done with and does again: read from the log, taken into the window before
// anything new.
extension Engine {
    /// Asks for the next events that are due again and not in the window yet.
    mutating func requestAgain(_ group: Int, into actions: inout [Action]) {
        let topic = durable.topics[groups[group].topic]
        passOver(group, before: topic.first)
        let from = groups[group].againCursor
        guard from != .max else { return }
        let asked = from...upperBound(group, from: from)
        groups[group].scanning = true
        groups[group].scanningAgain = asked
        actions.append(
            .fetch(
                .scan(
                    group: GroupID(UInt32(group)), topic: TopicID(UInt32(groups[group].topic)),
                    sequences: asked, position: topic.position(of: from),
                    maximumEvents: configuration.fetchEvents,
                    maximumBytes: configuration.fetchBytes)))
    }

    /// Takes in what is due again of the events read.
    mutating func scanAgain(
        _ group: Int, _ events: [FetchedEvent], _ asked: ClosedRange<UInt64>,
        nextSequence: UInt64
    ) {
        // A replay that came meanwhile may have gone back further: it is read again.
        guard groups[group].againCursor == asked.lowerBound else { return }
        for event in events {
            passOver(group, before: event.sequence)
            guard groups[group].againCursor == event.sequence else { continue }
            guard takeAgain(group, event) else { return }
            moveAgainCursor(group, to: event.sequence + 1)
        }
        passOver(group, before: events.isEmpty ? asked.upperBound + 1 : nextSequence)
    }

    /// Takes one event in.
    ///
    /// - Returns: False when there is no room for it.
    private mutating func takeAgain(_ group: Int, _ event: FetchedEvent) -> Bool {
        guard groups[group].slot(of: event.sequence) == nil,
            let number = durable.groups[group].again.number(of: event.sequence)
        else { return true }
        guard let scan = try? RoutingScan(event.bytes) else {
            // Only events that pass the scan are stored; nobody could use this one.
            groups[group].skipped.insert(event.sequence)
            return true
        }
        return event.bytes.withUnsafeBytes { bytes in
            guard groups[group].matches(bytes, scan) else {
                groups[group].skipped.insert(event.sequence)
                return true
            }
            guard hasRoom(group) else { return false }
            admit(group, event, scan, bytes, again: number)
            return true
        }
    }

    /// What is due again below `sequence` and was not met is not in the log any more: done.
    private mutating func passOver(_ group: Int, before sequence: UInt64) {
        while groups[group].againCursor < sequence {
            if groups[group].slot(of: groups[group].againCursor) == nil {
                groups[group].skipped.insert(groups[group].againCursor)
            }
            moveAgainCursor(group, to: groups[group].againCursor + 1)
        }
    }

    private mutating func moveAgainCursor(_ group: Int, to sequence: UInt64) {
        groups[group].againCursor = durable.groups[group].again.next(from: sequence) ?? .max
    }

    /// How far to read at once: over small gaps, which are cheaper to read than to avoid.
    private func upperBound(_ group: Int, from: UInt64) -> UInt64 {
        let limit = from + UInt64(configuration.fetchEvents)
        var upper = from
        while upper < limit, let next = durable.groups[group].again.next(from: upper + 1),
            next - upper <= 64
        {
            upper = next
        }
        return upper
    }
}
