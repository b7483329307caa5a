extension Engine {
    /// Settles what the token allows, in one record for all acks of the request.
    mutating func settle(
        _ stream: StreamID, _ request: SettleRequest, into actions: inout [Action]
    ) {
        guard let group = streams[stream], let index = groups[group].subscription(stream)
        else { return }  // The stream ended meanwhile.
        let knowsTurns = groups[group].subscriptions[index].knowsTurns
        var done = SequenceSet()
        var acked: UInt32 = 0
        var slots: [Int] = []
        for range in request.acks {
            ack(stream, group, range, knowsTurns, into: &actions) { slot, sequence in
                // An ack may come twice in a request; the lease is held until its end.
                guard !done.contains(sequence) else { return false }
                slots.append(slot)
                done.insert(sequence)
                acked += 1
                return true
            }
        }
        if !request.settlements.isEmpty { ageIdentities(into: &actions) }
        let topic = durable.groups[group].definition.topic
        var block = EventBlock(
            topic: topic, firstSequence: durable.topics[Int(topic.number)].next, events: [])
        var scans: [RoutingScan] = []
        batch.removeAll(keepingCapacity: true)
        for settlement in request.settlements {
            let sequence = settlement.sequence
            guard
                let slot = leased(
                    stream, group, sequence, settlement.attempt,
                    turn: knowsTurns ? settlement.turn : nil),
                !done.contains(sequence)
            else {
                groups[group].meter.figures.stale &+= 1
                refuse(stream, settlement, Self.stale, into: &actions)
                continue
            }
            switch settlement.outcome {
            case .ack(let outputs):
                do throws(BusFault) {
                    try self.outputs(outputs, topic: topic, after: &block, scans: &scans)
                    slots.append(slot)
                    done.insert(sequence)
                    acked += 1
                } catch {
                    refuse(stream, settlement, error, into: &actions)
                }
            case .nack(let delay, let fault):
                count(group, slot, .nacked)
                fail(group, slot, fault, delay: delay == .zero ? nil : delay, into: &actions)
            case .reject(let fault):
                count(group, slot, .rejected)
                bury(group, slot, fault, failed: fault, into: &actions)
            case .extend(let lease):
                groups[group].meter.figures.extensions &+= 1
                extend(stream, group, slot, by: lease)
            case .release(let pause, _):
                if pause > .zero, let index = groups[group].subscription(stream) {
                    let end = clock + min(pause, configuration.maximumDelay).nanoseconds
                    groups[group].subscriptions[index].pausedUntil = end
                }
                release(group, slot, into: &actions)
            }
        }
        let position = finish(group, &done, acked: acked, block, into: &actions)
        for slot in slots {
            count(group, slot, .acked)
            groups[group].remove(slot)
        }
        actions.append(.settled(stream, number: request.number))
        if let position { offer(block, scans, position: position, into: &actions) }
        dispatch(group, into: &actions)
    }

    /// Appends the record of a request's acks; tells its position when it holds outputs.
    private mutating func finish(
        _ group: Int, _ done: inout SequenceSet, acked: UInt32, _ block: EventBlock,
        into actions: inout [Action]
    ) -> UInt64? {
        guard acked > 0 else { return nil }
        // What the filter skipped rides along.
        for range in groups[group].skipped.ranges { done.insert(range) }
        groups[group].skipped.removeAll()
        if !block.events.isEmpty {
            rotateIdentities(into: &actions)
        }
        let position = durable.nextPosition
        if !block.events.isEmpty { count(block, emitted: true) }
        append(
            .settled(
                group: GroupID(UInt32(group)), acked: acked, ranges: done.ranges,
                outputs: block.events.isEmpty ? nil : block),
            into: &actions)
        return block.events.isEmpty ? nil : position
    }

    /// Calls `body` for every delivery of a range that the stream holds; refuses the others, and
    /// those that `body` does not take.
    private func ack(
        _ stream: StreamID, _ group: Int, _ range: SettleRequest.AckRange,
        _ knowsTurns: Bool, into actions: inout [Action], _ body: (Int, UInt64) -> Bool
    ) {
        let (end, overflow) = range.first.addingReportingOverflow(UInt64(range.count))
        // A worker cannot hold more than the window; a longer range is no honest mistake.
        guard !overflow, range.count <= configuration.maximumWindow else {
            let fault = BusFault(
                .invalidArgument, .protocolViolation,
                "an ack of \(range.count) deliveries; the most is \(configuration.maximumWindow)")
            actions.append(
                .settleRefused(
                    stream, sequence: range.first, attempt: range.attempt, turn: range.turn, fault))
            return
        }
        let turn = knowsTurns ? range.turn : nil
        for sequence in range.first..<end {
            if let slot = leased(stream, group, sequence, range.attempt, turn: turn),
                body(slot, sequence)
            {
                continue
            }
            groups[group].meter.figures.stale &+= 1
            actions.append(
                .settleRefused(
                    stream, sequence: sequence, attempt: range.attempt, turn: range.turn,
                    Self.stale))
        }
    }

    private func count(_ group: Int, _ slot: Int, _ end: GroupFigures.End) {
        groups[group].meter.figures.settled(
            groups[group].entries[slot], end, clock: clock, wall: wall)
    }

    /// The slot of a delivery if the stream holds it under this token; `nil` for the turn stands
    /// for any.
    private func leased(
        _ stream: StreamID, _ group: Int, _ sequence: UInt64, _ attempt: UInt32, turn: UInt64?
    ) -> Int? {
        guard let slot = groups[group].slot(of: sequence) else { return nil }
        let entry = groups[group].entries[slot]
        guard entry.state == .leased, entry.subscription == stream, entry.attempt == attempt,
            turn == nil || entry.turn == turn
        else { return nil }
        return slot
    }

    private func refuse(
        _ stream: StreamID, _ settlement: SettleRequest.Settlement, _ fault: BusFault,
        into actions: inout [Action]
    ) {
        actions.append(
            .settleRefused(
                stream, sequence: settlement.sequence, attempt: settlement.attempt,
                turn: settlement.turn, fault))
    }

    private mutating func extend(
        _ stream: StreamID, _ group: Int, _ slot: Int, by lease: Duration
    ) {
        guard let index = groups[group].subscription(stream) else { return }
        let length =
            lease > .zero
            ? min(lease, configuration.maximumLease).nanoseconds
            : groups[group].subscriptions[index].lease
        groups[group].extend(slot, until: clock + length)
    }

    private static var stale: BusFault {
        BusFault(
            .failedPrecondition, .staleLease,
            "the delivery is not held under this token any more; nothing changed")
    }
}
