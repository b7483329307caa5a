// What becomes of what a lost worker held.
extension Engine {
    /// Takes back what a lost worker held.
    ///
    /// If it held one event alone, that is charged: it fails, is a suspect from then on, and a dead
    /// letter when workers were lost with it alone too often. Of several it is not known which one
    /// killed it, if any: none is charged, their attempts did not happen, all are suspects.
    mutating func lose(
        _ group: Int, _ slots: [Int], _ subscription: SubscriptionRuntime,
        into actions: inout [Action]
    ) {
        let id = GroupID(UInt32(group))
        groups[group].meter.figures.losses &+= UInt64(slots.count)
        let held = slots.map { slot in
            let entry = groups[group].entries[slot]
            return AttemptMark(sequence: entry.sequence, attempt: entry.attempt)
        }
        append(
            .workerLost(
                group: id,
                WorkerLoss(
                    worker: subscription.worker, session: subscription.session, held: held)),
            into: &actions)
        if slots.count == 1 {
            die(group, slots[0], subscription, into: &actions)
            return
        }
        append(.suspect(group: id, sequences: held.map(\.sequence)), into: &actions)
        for (slot, mark) in zip(slots, held) {
            groups[group].delivered.remove(mark.sequence...mark.sequence)
            groups[group].reload(slot, attempt: mark.attempt)
            groups[group].takeTurn(slot, latestRecord)
            groups[group].suspect(slot)
            fetch(group, slot, into: &actions)
        }
    }

    /// A worker was lost with this event alone.
    private mutating func die(
        _ group: Int, _ slot: Int, _ subscription: SubscriptionRuntime,
        into actions: inout [Action]
    ) {
        let fault = BusFault(
            .unavailable, .workerLost,
            "worker '\(subscription.worker)' was lost while it held this event and nothing else")
        let sequence = groups[group].entries[slot].sequence
        let deaths = durable.groups[group].attempts[sequence]?.soloDeaths ?? 0
        guard deaths >= configuration.maximumSoloDeaths else {
            fail(group, slot, fault, delay: nil, isSuspect: true, into: &actions)
            return
        }
        var last = fault
        last.message = "\(deaths) workers were lost while they held this event and nothing else"
        bury(group, slot, last, failed: fault, into: &actions)
    }
}
