// Completeness, liveness, and that what is done stays done.
extension HistoryChecker {
    mutating func checkDuties() {
        guard let end = index.end else {
            violate(
                .liveness, "the history has no end: what is missing may only not have happened yet",
                index.entries.isEmpty ? [] : [index.entries.count - 1])
            return
        }
        for (number, group) in index.groups.enumerated() where !group.isDeleted {
            guard group.entry >= 0 else {
                violate(
                    .completeness, "nothing says since when group \(group.name) is owed events", [])
                continue
            }
            check(
                number, from: group.starts[group.life] ?? 1, through: .max, replay: 0,
                topic: index.entries[group.entry].topic, end)
        }
        for number in index.replays {
            let entry = index.entries[number]
            guard let group = index.groupNumbers[entry.group], !index.groups[group].isDeleted,
                entry.life == index.groups[group].life
            else { continue }
            check(
                group, from: entry.offset, through: entry.last, replay: entry.replay,
                topic: entry.topic, key: entry.key, end)
        }
        for duty in index.duties {
            checkResurrection(duty)
            checkPurged(duty)
        }
    }

    private mutating func check(
        _ group: Int, from first: UInt64, through last: UInt64, replay: UInt64, topic: String,
        key: String = "", _ end: Int
    ) {
        guard let known = index.topics[topic] else { return }
        for number in known.log {
            let entry = index.entries[number]
            guard entry.offset >= max(first, known.firstKept), entry.offset <= last,
                let event = index.eventNumbers[entry.event],
                index.groups[group].matches(index.events[event].type),
                key.isEmpty || index.events[event].key == key
            else { continue }
            checkDone(group, event, replay, stored: number, end)
        }
    }

    private mutating func checkDone(
        _ group: Int, _ event: Int, _ replay: UInt64, stored: Int, _ end: Int
    ) {
        let dutyName = HistoryIndex.DutyName(
            group: group, event: event, replay: replay, life: index.groups[group].life)
        let duty = index.duty(dutyName)
        let name = "\(index.events[event].name) in group \(index.groups[group].name)"
        if let pending = duty?.pending {
            violate(
                .liveness, "\(name) is neither done nor a dead letter at the end",
                [stored, pending] + (duty?.deliveries.suffix(2) ?? []))
            return
        }
        let known = duty ?? HistoryIndex.Duty(name: dutyName)
        guard let done = done(known) else {
            violate(
                .completeness,
                "\(name) was stored, and is neither acked, a dead letter, expired nor trimmed",
                [stored] + known.deliveries.suffix(3))
            return
        }
        guard let healed = index.healed, let limit = index.limit("liveness_ns") else { return }
        let took = index.entries[done].time - index.entries[healed].time
        if done < end, index.entries[done].operation.isTimed, took > limit {
            violate(
                .liveness,
                "\(name) was done \(took) ns after the faults were over, the limit is \(limit)",
                [healed, done])
        }
    }

    /// The entry by which a duty may count as done: its own, or that of a later replay, which ends a
    /// dead letter.
    private func done(_ duty: HistoryIndex.Duty) -> Int? {
        if let own = doneItself(duty) { return own }
        let group = index.groups[duty.name.group].name
        var later = duty.name
        for number in index.replays {
            let replay = index.entries[number]
            guard replay.group == group, replay.life == duty.name.life,
                replay.replay > duty.name.replay
            else { continue }
            later.replay = replay.replay
            if let done = index.duty(later).flatMap(doneItself) { return done }
        }
        return nil
    }

    private func doneItself(_ duty: HistoryIndex.Duty) -> Int? {
        // What expired did so for every replay.
        var first = duty.name
        first.replay = 0
        let expired = duty.expired ?? index.duty(first)?.expired
        if let statement = duty.deadLetter ?? duty.deadLetterRemoved ?? expired ?? duty.trimmed {
            return statement
        }
        var open: [Settler: Int] = [:]
        for number in duty.settlements where index.entries[number].how == .ack {
            let entry = index.entries[number]
            guard let token = entry.token else { continue }
            let settler = Settler(actor: entry.actor, session: entry.session, token: token)
            switch entry.operation {
            case .ackOK: return number
            case .ackTry: open[settler] = number
            case .ackStale: open[settler] = nil
            default: break
            }
        }
        // An ack without an answer may have become durable, and then nothing comes any more.
        return open.values.max()
    }

    /// A dead letter that was purged stays away.
    private mutating func checkPurged(_ duty: HistoryIndex.Duty) {
        guard let letter = duty.deadLetter,
            let purged = index.groups[duty.name.group].purged[index.entries[letter].value]
        else { return }
        violate(
            .durability,
            "\(index.events[duty.name.event].name) is a dead letter of group "
                + "\(index.groups[duty.name.group].name), which was purged", [purged, letter])
    }

    /// What lies before the place where a group began is done, but for dead letters tried again.
    private mutating func checkPlace(_ duty: HistoryIndex.Duty) {
        let group = index.groups[duty.name.group]
        guard duty.name.replay == 0, duty.retries.isEmpty, let first = duty.deliveries.first,
            let start = group.starts[duty.name.life], index.entries[first].offset < start
        else { return }
        violate(
            .noResurrection,
            "\(index.events[duty.name.event].name) went to group \(group.name), which begins at "
                + "\(start)", [first])
    }

    private mutating func checkResurrection(_ duty: HistoryIndex.Duty) {
        checkPlace(duty)
        guard duty.deliveries.count > 1 else { return }
        for number in duty.settlements {
            let entry = index.entries[number]
            guard entry.operation == .ackOK, entry.how == .ack || entry.how == .reject,
                let token = entry.token
            else { continue }
            checkNothingLater(than: token, settledBy: number, duty)
        }
    }

    /// After an ack or reject nothing goes out any more, but for a dead letter that is retried.
    private mutating func checkNothingLater(
        than token: HistoryEntry.Token, settledBy number: Int, _ duty: HistoryIndex.Duty
    ) {
        let name = index.events[duty.name.event].name
        let group = index.groups[duty.name.group].name
        // Who retries may know of the dead letter before the worker that rejected it.
        let tried = duty.settlements.last {
            $0 < number && index.entries[$0].operation == .ackTry
                && index.entries[$0].token == token
        }
        let since = index.entries[tried ?? number].time
        let settled = duty.deliveries.last { $0 < number && index.entries[$0].token == token }
        for delivery in duty.deliveries {
            let entry = index.entries[delivery]
            guard let later = entry.token, later > token else { continue }
            // Stored again after the window of repeats, it is another event.
            if let settled, index.entries[settled].offset != entry.offset { continue }
            let isRetried =
                index.entries[number].how == .reject
                && duty.retries.contains {
                    (since...(max(since, entry.sent ?? entry.time))).contains(
                        index.entries[$0].time)
                }
            guard !isRetried else { continue }
            if (entry.sent ?? entry.time) >= index.entries[number].time {
                violate(
                    .noResurrection, "\(name) came again in group \(group) after it was settled",
                    [number, delivery])
            } else {
                violate(
                    .oneOwner,
                    "\(name) was settled in group \(group) under a token older than the one out",
                    [number, delivery])
            }
        }
    }
}

extension HistoryChecker {
    /// Who settled under which token, which one may use who was not given it.
    struct Settler: Hashable {
        var actor: String
        var session: String
        var token: HistoryEntry.Token
    }
}

extension HistoryEntry.Operation {
    /// Whether entries tell when something happened, rather than how things stand at the end.
    fileprivate var isTimed: Bool { self == .ackOK || self == .ackTry }
}
