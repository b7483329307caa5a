internal import BaridEngine
internal import BaridLog
internal import Logging

// Letting go of what is to be kept no longer (Protocols/2-bus §8.1).
extension Core {
    /// Segments looked at in one go, so that nobody waits for long.
    private static let partsAtOnce = 16

    /// Lets go of old segments, if it is time to look.
    func retain() throws {
        let now = clock().monotonic
        guard
            lastRetention == .min
                || now - lastRetention >= configuration.retentionInterval.nanoseconds
        else { return }
        lastRetention = now
        growth.note(appendedBytes, at: now)
        guard !configuration.retention.keepAll else { return }
        try flush()
        if let trim = try nextTrim() {
            let before = engine.durable.groups.map(\.trimmed)
            step(.trim(trim))
            audit(trim, before)
            try flush()
        }
        try releaseSegments()
    }

    /// Why the oldest segment stays.
    func oldestPin() throws -> LogPin {
        if log.firstPosition < engine.durable.firstPosition { return .snapshot }
        guard let part = log.part(at: 0) else { return .nothingComplete }
        let firsts = try firstSequences(from: part.positions.upperBound + 1)
        return pin(on: part, firsts, used: log.space.used) ?? .snapshot
    }

    /// The trim that lets go of the oldest segments as far as rules and pins allow.
    private func nextTrim() throws -> Trim? {
        var trim: Trim?
        var used = log.space.used
        for index in 0..<Self.partsAtOnce {
            guard let part = log.part(at: index) else { break }
            let end = part.positions.upperBound + 1
            if end > engine.durable.firstPosition {
                let firsts = try firstSequences(from: end)
                guard pin(on: part, firsts, used: used) == nil else { break }
                let topics = engine.durable.topics.indices.compactMap { topic in
                    firsts[topic] > engine.durable.topics[topic].first
                        ? Trim.Part(topic: TopicID(UInt32(topic)), first: firsts[topic]) : nil
                }
                trim = Trim(position: end, topics: topics)
            }
            used -= part.bytes
        }
        return trim
    }

    /// What keeps a segment.
    ///
    /// - Parameters:
    ///   - part: The segment.
    ///   - firsts: Of each topic the first sequence after it.
    ///   - used: Bytes of the log with it.
    /// - Returns: `nil` when nothing does.
    private func pin(on part: LogPart, _ firsts: [UInt64], used: Int) -> LogPin? {
        let durable = engine.durable
        for group in durable.groups {
            let letter = group.deadLetters.first {
                part.positions.contains($0.position) || part.positions.contains($0.eventPosition)
            }
            // One that is being retried has not lost what it was kept for.
            let topic = Int(group.definition.topic.number)
            if let retried = group.earlier.keys.min(), retried < firsts[topic] {
                return .group(
                    topic: durable.topics[topic].name, group: group.definition.name,
                    sequence: retried)
            }
            guard let letter else { continue }
            return .deadLetter(
                topic: durable.topics[Int(group.definition.topic.number)].name,
                group: group.definition.name, sequence: letter.sequence)
        }
        for (index, topic) in durable.topics.enumerated() where firsts[index] > topic.first {
            let rules = configuration.retention.rules(for: topic.name)
            guard !rules.keepsAll else { return .keepsAll(topic: topic.name) }
            if let age = rules.age, clock().wall - part.lastWallTime > age.nanoseconds { continue }
            if let bytes = rules.bytes, UInt64(clamping: used) > bytes { continue }
            if let events = rules.events, topic.next - firsts[index] >= events { continue }
            guard rules.acknowledged else { return .notYet(topic: topic.name) }
            let groups = durable.groups.filter {
                $0.definition.topic.number == UInt32(index) && !$0.isDeleted
            }
            guard !groups.isEmpty else { return .noGroup(topic: topic.name) }
            for group in groups where group.doneThrough < firsts[index] - 1 {
                return .group(
                    topic: topic.name, group: group.definition.name,
                    sequence: group.doneThrough + 1)
            }
        }
        return nil
    }

    /// Of each topic the first sequence stored at a position or after it.
    private func firstSequences(from end: UInt64) throws -> [UInt64] {
        if let known = knownFirsts, known.end == end,
            known.sequences.count == engine.durable.topics.count
        {
            return known.sequences
        }
        var sequences: [UInt64] = []
        for (index, topic) in engine.durable.topics.enumerated() {
            guard let point = topic.points.last(where: { $0.position <= end }) else {
                sequences.append(topic.first)
                continue
            }
            var next = point.sequence
            // A point that nothing was stored behind may be older than what is kept.
            var position = max(point.position, log.firstPosition)
            while position < end {
                let read = try log.read(
                    from: position, maximumBytes: 256 << 10, maximumCount: 256)
                guard let last = read.last else { break }
                for entry in read where entry.position < end {
                    guard let block = try Record.events(kind: entry.kind, payload: entry.payload),
                        block.topic.number == UInt32(index)
                    else { continue }
                    next = block.firstSequence + UInt64(block.events.count)
                }
                position = last.position + 1
            }
            sequences.append(max(next, topic.first))
        }
        knownFirsts = (end, sequences)
        return sequences
    }

    /// Gives files back once both snapshots are later than what they hold.
    ///
    /// Snapshots of one position are one; where nothing else is written, a record that changes
    /// nothing makes a position for the second. So the third look after a trim finds both.
    private func releaseSegments() throws {
        let needed = engine.durable.firstPosition
        guard let part = log.part(at: 0), part.positions.upperBound < needed else { return }
        let snapshots = log.snapshotPositions
        guard snapshots.count > 1, let oldest = snapshots.first,
            oldest >= engine.durable.lastTrim
        else {
            if snapshots.last == log.durablePosition {
                step(.trim(Trim(position: needed, topics: [])))
                try flush()
            }
            beginSnapshot()
            return
        }
        try log.trim(before: needed)
        // While a backup is made they stay.
        guard log.firstPosition > part.positions.lowerBound else { return }
        logger.info("old segments are gone", metadata: ["first-position": "\(log.firstPosition)"])
    }

    /// Says what went, and what a group had not been done with.
    private func audit(_ trim: Trim, _ before: [UInt64]) {
        for part in trim.topics {
            let topic = engine.durable.topics[Int(part.topic.number)].name
            logger.notice(
                "events are kept no longer",
                metadata: [
                    "audit": "retention", "topic": "\(topic)", "first-sequence": "\(part.first)",
                ])
        }
        for (group, count) in zip(engine.durable.groups, before) where group.trimmed > count {
            logger.warning(
                "retention took events that a group was not done with",
                metadata: [
                    "audit": "retention", "group": "\(group.definition.name)",
                    "events": "\(group.trimmed - count)",
                ])
        }
    }
}
