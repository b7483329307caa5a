extension Engine {
    /// Offers events that were just stored to the groups that are at the head of the topic.
    mutating func offer(
        _ block: EventBlock, _ scans: [RoutingScan], position: UInt64,
        into actions: inout [Action]
    ) {
        let topic = Int(block.topic.number)
        for group in groups.indices where groups[group].topic == topic {
            offer(block, scans, position: position, to: group)
            dispatch(group, into: &actions)
        }
    }

    private mutating func offer(
        _ block: EventBlock, _ scans: [RoutingScan], position: UInt64, to group: Int
    ) {
        // A group that is behind reads on in the log until it is here.
        guard groups[group].cursor == block.firstSequence, !groups[group].scanning,
            groups[group].againCursor == .max, !groups[group].isHalted
        else { return }
        let room = groups[group].openCredit(at: clock) + configuration.fetchEvents
        for (offset, event) in block.events.enumerated() {
            let sequence = block.firstSequence + UInt64(offset)
            let taken = event.bytes.withUnsafeBytes { bytes in
                guard groups[group].matches(bytes, scans[offset]) else {
                    groups[group].skipped.insert(sequence)
                    return true
                }
                guard !groups[group].subscriptions.isEmpty, groups[group].readyCount < room,
                    hasRoom(group)
                else { return false }
                admit(
                    group,
                    FetchedEvent(
                        sequence: sequence, position: position, bytes: event.bytes, stored: wall),
                    scans[offset], bytes)
                return true
            }
            guard taken else {
                groups[group].cursorPosition = position
                return
            }
            groups[group].cursor = sequence + 1
        }
        groups[group].cursorPosition = durable.nextPosition
    }

    /// Takes what the shell read from the log.
    mutating func take(
        _ fetched: Fetched, for id: GroupID, into actions: inout [Action]
    ) {
        guard id.number < groups.count else { return }
        let group = Int(id.number)
        guard !groups[group].isDeleted else { return }
        switch fetched {
        case .scan where groups[group].dropsScan, .failed(nil) where groups[group].dropsScan:
            groups[group].scanning = false
            groups[group].dropsScan = false
        case .event(let event):
            guard let slot = groups[group].slot(of: event.sequence),
                groups[group].entries[slot].state == .loading
            else { return }
            groups[group].loaded(slot, bytes: event.bytes)
        case .failed(let sequence?):
            guard let slot = groups[group].slot(of: sequence),
                groups[group].entries[slot].state == .loading
            else { return }
            groups[group].retryLoading(slot, at: clock + Self.fetchRetry)
        case .failed(nil):
            groups[group].scanning = false
            groups[group].scanningAgain = nil
            groups[group].nextCheck = min(groups[group].nextCheck, clock + Self.fetchRetry)
            return
        case .scan(let events, let nextSequence, let nextPosition):
            groups[group].scanning = false
            if let asked = groups[group].scanningAgain {
                groups[group].scanningAgain = nil
                scanAgain(group, events, asked, nextSequence: nextSequence)
                break
            }
            scan(group, events)
            if groups[group].cursor >= nextSequence || events.isEmpty {
                groups[group].cursor = max(groups[group].cursor, nextSequence)
                groups[group].cursorPosition = nextPosition
            }
        }
        dispatch(group, into: &actions)
    }

    private mutating func scan(_ group: Int, _ events: [FetchedEvent]) {
        for event in events where event.sequence >= groups[group].cursor {
            let state = durable.groups[group]
            if event.sequence <= state.floor || state.settled.contains(event.sequence) {
                groups[group].cursor = event.sequence + 1
                continue
            }
            guard let scan = try? RoutingScan(event.bytes) else {
                // Only events that pass the scan are stored; nobody could use this one.
                groups[group].skipped.insert(event.sequence)
                groups[group].cursor = event.sequence + 1
                continue
            }
            let taken = event.bytes.withUnsafeBytes { bytes in
                guard groups[group].matches(bytes, scan) else {
                    groups[group].skipped.insert(event.sequence)
                    return true
                }
                guard hasRoom(group) else { return false }
                admit(group, event, scan, bytes)
                return true
            }
            guard taken else {
                groups[group].cursorPosition = event.position
                return
            }
            groups[group].cursor = event.sequence + 1
        }
    }

    func hasRoom(_ group: Int) -> Bool {
        groups[group].count < configuration.maximumWindow
            && groups[group].heldBytes < configuration.maximumWindowBytes
    }

    /// Takes an event into the window; `again` is the number of the replay it is due again for.
    mutating func admit(
        _ group: Int, _ event: FetchedEvent, _ scan: RoutingScan, _ bytes: UnsafeRawBufferPointer,
        again: UInt32? = nil
    ) {
        var entry = Entry()
        entry.sequence = event.sequence
        entry.turn = event.sequence < groups[group].fresh ? groups[group].began : 0
        entry.position = event.position
        entry.bytes = event.bytes
        entry.stored = event.stored
        entry.expiry = scan.expiry
        if let again {
            entry.replay = again
            entry.turn = latestRecord
        }
        if !scan.key.isEmpty {
            let hash = SipHash.hash(
                UnsafeRawBufferPointer(rebasing: bytes[scan.key]), key: durable.key)
            entry.key = hash.low == 0 ? 1 : hash.low
        }
        let state = durable.groups[group]
        entry.attempt = state.nextAttempt(of: event.sequence)
        var due: Int64?
        if let tried = state.attempts[event.sequence] {
            entry.isSuspect = tried.isSuspect
            if tried.notBefore > wall {
                // If the wall clock was set back meanwhile, it waits no longer than it may.
                due = clock + min(tried.notBefore - wall, configuration.maximumDelay.nanoseconds)
            }
        }
        groups[group].admit(entry, waitingUntil: due)
    }

    /// Gives out what can go out, and asks for more where there is room for it.
    mutating func dispatch(_ group: Int, into actions: inout [Action]) {
        guard !draining, !groups[group].isHalted else { return }
        var marks: [AttemptMark] = []
        let first = actions.count
        while let (slot, index) = next(group) {
            let entry = groups[group].entries[slot]
            if entry.expiry <= wall {
                expire(group, slot, into: &actions)
                continue
            }
            if entry.attempt > 1 + configuration.maximumReleases, isWornOut(group, entry) {
                let fault = BusFault(
                    .resourceExhausted, .releasedTooOften,
                    "given back or interrupted \(configuration.maximumReleases) times")
                bury(group, slot, fault, failed: nil, into: &actions)
                continue
            }
            if entry.attempt > 1 {
                marks.append(AttemptMark(sequence: entry.sequence, attempt: entry.attempt))
            } else {
                groups[group].delivered.insert(entry.sequence)
            }
            let subscription = groups[group].subscriptions[index]
            let bytes = groups[group].lease(
                slot, to: index, until: clock + subscription.lease, clock: clock, wall: wall)
            grants.append(
                Grant(
                    group: group, slot: slot, sequence: entry.sequence, attempt: entry.attempt,
                    turn: entry.turn, lease: subscription.lease))
            groups[group].meter.figures.delivered(attempt: entry.attempt)
            actions.append(
                .deliver(
                    subscription.stream,
                    Delivery(
                        sequence: entry.sequence, attempt: entry.attempt,
                        turn: subscription.knowsTurns ? entry.turn : 0, replay: entry.replay,
                        bytes: bytes)))
        }
        if !marks.isEmpty {
            append(.attempts(group: GroupID(UInt32(group)), marks), into: &actions)
            putRecordsFirst(&actions, from: first)
        }
        requestMore(group, into: &actions)
    }

    /// Records in the order in which they were applied, then the deliveries: the numbers of these
    /// are durable when they go out.
    private func putRecordsFirst(_ actions: inout [Action], from first: Int) {
        var deliveries: [Action] = []
        var records: [Action] = []
        for action in actions[first...] {
            if case .deliver = action {
                deliveries.append(action)
            } else {
                records.append(action)
            }
        }
        actions.replaceSubrange(first..., with: records + deliveries)
    }

    /// The next event to go out, and the subscription that gets it.
    @inline(__always)
    private mutating func next(_ group: Int) -> (slot: Int, subscription: Int)? {
        if groups[group].hasReadySuspects, let solo = groups[group].popSuspect(at: clock) {
            return solo
        }
        guard groups[group].readyCount > 0, let index = nextInTurn(group),
            let slot = groups[group].popReady()
        else { return nil }
        return (slot, index)
    }

    /// The next subscription with credit, in turn.
    private mutating func nextInTurn(_ group: Int) -> Int? {
        let count = groups[group].subscriptions.count
        for offset in 0..<count {
            let index = (groups[group].nextSubscription + offset) % count
            guard groups[group].subscriptions[index].takes(at: clock) else { continue }
            groups[group].nextSubscription = index + 1
            return index
        }
        return nil
    }

    /// Whether more attempts of an event went uncounted than may.
    private func isWornOut(_ group: Int, _ entry: Entry) -> Bool {
        let counted = durable.groups[group].attempts[entry.sequence]?.failures.count ?? 0
        return Int(entry.attempt) - 1 - counted > Int(configuration.maximumReleases)
    }

    private mutating func requestMore(_ group: Int, into actions: inout [Action]) {
        let topic = durable.topics[groups[group].topic]
        guard !groups[group].scanning,
            groups[group].cursor < topic.next || groups[group].againCursor != .max,
            groups[group].openCredit(at: clock) > groups[group].readyCount, hasRoom(group)
        else { return }
        guard groups[group].againCursor == .max else {
            requestAgain(group, into: &actions)
            return
        }
        let from = durable.groups[group].settled.firstGap(
            from: max(groups[group].cursor, durable.groups[group].floor + 1))
        groups[group].cursor = from
        guard from < topic.next else {
            groups[group].cursorPosition = durable.nextPosition
            return
        }
        groups[group].scanning = true
        actions.append(
            .fetch(
                .scan(
                    group: GroupID(UInt32(group)), topic: TopicID(UInt32(groups[group].topic)),
                    sequences: from...topic.next - 1,
                    position: max(groups[group].cursorPosition, topic.position(of: from)),
                    maximumEvents: min(
                        configuration.fetchEvents,
                        configuration.maximumWindow - groups[group].count),
                    maximumBytes: configuration.fetchBytes)))
    }

    /// How long the engine waits before it reads again what could not be read.
    private static var fetchRetry: Int64 { 1_000_000_000 }
}
