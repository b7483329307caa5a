extension Engine {
    /// Ends an attempt as failed: the event waits for the next one, or becomes a dead letter.
    ///
    /// A worker that says so lives: unless `isSuspect`, the event is not suspected any more.
    mutating func fail(
        _ group: Int, _ slot: Int, _ fault: BusFault, delay: Duration?, isSuspect: Bool = false,
        into actions: inout [Action]
    ) {
        let entry = groups[group].entries[slot]
        let failures = durable.groups[group].attempts[entry.sequence]?.failures.count ?? 0
        let maximum = durable.groups[group].definition.maximumDeliveries
        guard failures + 1 < maximum else {
            bury(group, slot, fault, failed: fault, into: &actions)
            return
        }
        let wait =
            delay.map { min($0, configuration.maximumDelay).nanoseconds }
            ?? backoff(group, entry, failures: failures)
        append(
            .failed(
                group: GroupID(UInt32(group)), sequence: entry.sequence,
                attempt(group, entry, fault), notBefore: wall &+ wait),
            into: &actions)
        groups[group].wait(slot, attempt: entry.attempt + 1, until: clock + wait)
        groups[group].suspect(slot, isSuspect)
        guard isSuspect else { return }
        append(
            .suspect(group: GroupID(UInt32(group)), sequences: [entry.sequence]), into: &actions)
    }

    /// Gives a lease back uncounted: the event goes to whoever is free.
    mutating func release(_ group: Int, _ slot: Int, into actions: inout [Action]) {
        groups[group].meter.figures.releases &+= 1
        let entry = groups[group].entries[slot]
        groups[group].reload(slot, attempt: entry.attempt + 1)
        fetch(group, slot, into: &actions)
    }

    /// Makes a dead letter of an event and frees its key.
    mutating func bury(
        _ group: Int, _ slot: Int, _ fault: BusFault, failed: BusFault?,
        into actions: inout [Action]
    ) {
        groups[group].meter.figures.deadLetters &+= 1
        let entry = groups[group].entries[slot]
        var attempts = durable.groups[group].attempts[entry.sequence]?.failures ?? []
        if let failed { attempts.append(attempt(group, entry, failed)) }
        append(
            .deadLetter(
                DeadLetter(
                    group: GroupID(UInt32(group)), sequence: entry.sequence,
                    eventPosition: entry.position, time: wall, fault: Self.trimmed(fault),
                    attempts: attempts,
                    earlier: durable.groups[group].earlier[entry.sequence] ?? 0)),
            into: &actions)
        groups[group].remove(slot)
    }

    /// Settles an event whose time is over.
    mutating func expire(_ group: Int, _ slot: Int, into actions: inout [Action]) {
        let sequence = groups[group].entries[slot].sequence
        append(
            .expired(group: GroupID(UInt32(group)), ranges: [sequence...sequence]),
            into: &actions)
        groups[group].remove(slot)
    }

    /// Takes back leases that ran out, and loads events whose wait is over.
    mutating func check(_ group: Int, into actions: inout [Action]) {
        groups[group].nextCheck = .max
        var next = Int64.max
        for slot in groups[group].entries.indices {
            let entry = groups[group].entries[slot]
            switch entry.state {
            case .leased where !entry.isOut:
                break
            case .leased where entry.deadline <= clock:
                groups[group].meter.figures.expiredLeases &+= 1
                let fault = BusFault(
                    .deadlineExceeded, .leaseExpired,
                    "the worker neither settled nor extended in time")
                fail(
                    group, slot, fault, delay: nil, isSuspect: entry.isSuspect, into: &actions)
            case .waiting where entry.deadline <= clock:
                groups[group].load(slot)
                fetch(group, slot, into: &actions)
            case .leased, .waiting:
                next = min(next, entry.deadline)
            case .free, .ready, .blocked, .loading:
                break
            }
        }
        groups[group].nextCheck = min(groups[group].nextCheck, next)
    }

    func fetch(_ group: Int, _ slot: Int, into actions: inout [Action]) {
        let entry = groups[group].entries[slot]
        actions.append(
            .fetch(
                .event(
                    group: GroupID(UInt32(group)), topic: TopicID(UInt32(groups[group].topic)),
                    sequence: entry.sequence, position: entry.position)))
    }

    private func attempt(_ group: Int, _ entry: Entry, _ fault: BusFault) -> FailedAttempt {
        let holder = groups[group].subscriptions.first { $0.stream == entry.subscription }
        return FailedAttempt(
            attempt: entry.attempt, worker: holder?.worker ?? "", session: holder?.session ?? "",
            started: entry.leasedAt, ended: wall, fault: Self.trimmed(fault))
    }

    /// The delay before the next attempt: the list's, less up to a fifth.
    private func backoff(_ group: Int, _ entry: Entry, failures: Int) -> Int64 {
        guard let last = configuration.backoff.last else { return 0 }
        let delay = failures < configuration.backoff.count ? configuration.backoff[failures] : last
        let hash = Mixer.mix(
            Mixer.mix(UInt64(group), entry.sequence), UInt64(entry.attempt))
        let fifth = delay.nanoseconds / 5
        return delay.nanoseconds - Int64(hash % UInt64(max(fifth, 1)))
    }

    /// Workers' words are kept, within limits.
    private static func trimmed(_ fault: BusFault) -> BusFault {
        guard fault.message.utf8.count > 1_024 || fault.reason.utf8.count > 64 else {
            return fault
        }
        var short = fault
        short.reason = String(decoding: fault.reason.utf8.prefix(64), as: UTF8.self)
        short.message = String(decoding: fault.message.utf8.prefix(1_024), as: UTF8.self)
        return short
    }
}
