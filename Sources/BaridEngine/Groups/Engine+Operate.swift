extension Engine {
    /// Does what an operator asked of a group.
    mutating func operate(
        ticket: UInt64, topic: String, group: String, _ operation: GroupOperation,
        into actions: inout [Action]
    ) {
        do throws(BusFault) {
            let id = try find(topic: topic, group: group)
            let index = Int(id.number)
            let result: GroupOperated
            switch operation {
            case .pause: result = pause(id, true, into: &actions)
            case .resume: result = pause(id, false, into: &actions)
            case .reset(let start): result = try reset(id, to: start, into: &actions)
            case .delete: result = delete(id, into: &actions)
            case .replay(let ranges): result = try replay(id, ranges, into: &actions)
            case .retry(let sequences): result = try retry(id, sequences, into: &actions)
            }
            actions.append(.operated(ticket: ticket, .success(result)))
            dispatch(index, into: &actions)
        } catch {
            actions.append(.operated(ticket: ticket, .failure(error)))
        }
    }

    private func find(topic: String, group: String) throws(BusFault) -> GroupID {
        guard let topicID = durable.topic(named: topic),
            let id = durable.group(named: group, of: topicID)
        else {
            throw BusFault(
                .notFound, .noSuchGroup,
                "there is no group '\(group.prefix(80))' of topic '\(topic.prefix(80))'")
        }
        return id
    }

    private mutating func pause(
        _ id: GroupID, _ paused: Bool, into actions: inout [Action]
    ) -> GroupOperated {
        let index = Int(id.number)
        guard durable.groups[index].isPaused != paused else { return GroupOperated() }
        append(.groupPaused(group: id, paused: paused), into: &actions)
        groups[index].isPaused = paused
        return GroupOperated()
    }

    private mutating func reset(
        _ id: GroupID, to start: SubscriptionRequest.Start, into actions: inout [Action]
    ) throws(BusFault) -> GroupOperated {
        let index = Int(id.number)
        let topic = durable.topics[groups[index].topic]
        if case .sequence(let sequence) = start { try topic.checkKept(sequence) }
        let sequence = topic.sequence(of: start)
        endSubscriptions(
            index,
            BusFault(
                .unavailable, .groupReset,
                "group '\(durable.groups[index].definition.name)' begins anew at \(sequence)"),
            into: &actions)
        append(.groupReset(group: id, start: sequence), into: &actions)
        let scanning = groups[index].scanning
        groups[index] = Self.runtime(
            of: durable.groups[index], in: durable, meter: groups[index].meter)
        groups[index].scanning = scanning
        groups[index].dropsScan = scanning
        return GroupOperated(events: topic.next - sequence)
    }

    private mutating func delete(
        _ id: GroupID, into actions: inout [Action]
    ) -> GroupOperated {
        let index = Int(id.number)
        endSubscriptions(
            index,
            BusFault(
                .notFound, .groupDeleted,
                "group '\(durable.groups[index].definition.name)' was deleted"),
            into: &actions)
        append(.groupDeleted(group: id), into: &actions)
        groups[index] = Self.runtime(
            of: durable.groups[index], in: durable, meter: groups[index].meter)
        return GroupOperated()
    }

    /// Ends what workers of a group hold, and their subscriptions.
    private mutating func endSubscriptions(
        _ group: Int, _ fault: BusFault, into actions: inout [Action]
    ) {
        for subscription in groups[group].subscriptions {
            streams[subscription.stream] = nil
            actions.append(.end(subscription.stream, fault))
        }
    }

    private mutating func replay(
        _ id: GroupID, _ ranges: [ClosedRange<UInt64>], into actions: inout [Action]
    ) throws(BusFault) -> GroupOperated {
        let state = durable.groups[Int(id.number)]
        let topic = durable.topics[Int(state.definition.topic.number)]
        for range in ranges { try topic.checkKept(range.lowerBound) }
        var wanted = SequenceSet()
        if topic.first < topic.next {
            let kept = topic.first...topic.next - 1
            for range in ranges where range.overlaps(kept) {
                wanted.insert(range.clamped(to: kept))
            }
        }
        let due = state.done(of: wanted)
        guard !due.isEmpty else { return GroupOperated() }
        guard state.again.replays.count < configuration.maximumReplays else {
            throw BusFault(
                .resourceExhausted, .tooMany,
                "\(state.again.replays.count) replays of group '\(state.definition.name)' are not "
                    + "over; wait for one of them")
        }
        let number = durable.replays &+ 1
        try again(id, due, number: number, into: &actions)
        return GroupOperated(replay: number, events: due.count)
    }

    private mutating func retry(
        _ id: GroupID, _ sequences: [UInt64], into actions: inout [Action]
    ) throws(BusFault) -> GroupOperated {
        let wanted = Set(sequences)
        var due: [UInt32: SequenceSet] = [:]
        for letter in durable.groups[Int(id.number)].deadLetters
        where wanted.contains(letter.sequence) {
            due[letter.replay, default: SequenceSet()].insert(letter.sequence)
        }
        var result = GroupOperated()
        for (number, set) in due.sorted(by: { $0.key < $1.key }) {
            try again(id, set, number: number, into: &actions)
            result.replay = number
            result.events += set.count
        }
        return result
    }

    private mutating func again(
        _ id: GroupID, _ due: SequenceSet, number: UInt32, into actions: inout [Action]
    ) throws(BusFault) {
        let index = Int(id.number)
        let ranges = durable.groups[index].again.rangeCount + due.ranges.count
        guard ranges <= configuration.maximumReplayRanges else {
            throw BusFault(
                .resourceExhausted, .tooMany,
                "\(ranges) ranges would be due again; the most is "
                    + "\(configuration.maximumReplayRanges): ask for fewer at once")
        }
        append(.replay(group: id, number: number, ranges: due.ranges), into: &actions)
        if let first = due.first(from: 0) {
            groups[index].againCursor = min(groups[index].againCursor, first)
        }
    }
}
