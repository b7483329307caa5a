// Who owned what when, and in which order.
extension HistoryChecker {
    /// A delivery with the time in which its lease was certainly out.
    private struct Lease {
        var entry: Int
        var duty: Int
        /// When it began, at the latest.
        var begin: Int64
        /// When it ended, at the earliest.
        var end: Int64
        var offset: UInt64
        var replay: UInt64
        var epoch: UInt64
    }

    private struct Unit: Hashable {
        var group: Int
        var key: String
        /// The event, when it has no key.
        var event: Int
    }

    mutating func checkLeases() {
        var units: [Unit: [Lease]] = [:]
        for (number, duty) in index.duties.enumerated() {
            // Attempts of a dead letter that is tried again count anew.
            if duty.deadLetterRetried == nil { checkTokens(duty) }
            let key = index.events[duty.name.event].key
            let unit = Unit(
                group: duty.name.group, key: key, event: key.isEmpty ? duty.name.event : -1)
            for delivery in duty.deliveries {
                units[unit, default: []].append(lease(delivery, number, duty))
            }
        }
        let sorted = units.values.sorted { ($0.first?.entry ?? 0) < ($1.first?.entry ?? 0) }
        for leases in sorted {
            let leases = leases.sorted { ($0.begin, $0.entry) < ($1.begin, $1.entry) }
            checkOwners(leases)
            checkOrder(leases)
        }
    }

    private func lease(_ delivery: Int, _ number: Int, _ duty: HistoryIndex.Duty) -> Lease {
        let entry = index.entries[delivery]
        var earliest = entry.sent
        if earliest == nil, let delay = index.limit("delay_ns") { earliest = entry.time - delay }
        var end = Int64.min
        // Under a token that a dead letter tried again may use twice, settlements are of either.
        if let earliest, entry.lease > 0, duty.deadLetterRetried == nil {
            end = earliest + entry.lease
            end = ended(end, entry, duty)
            end = min(end, index.sessionEnds[entry.session] ?? .max)
        }
        return Lease(
            entry: delivery, duty: number, begin: entry.sent ?? entry.time, end: end,
            offset: entry.offset, replay: duty.name.replay, epoch: entry.token?.epoch ?? 0)
    }

    /// The end of a lease after what its worker did with it.
    private func ended(
        _ expiry: Int64, _ delivery: HistoryEntry, _ duty: HistoryIndex.Duty
    ) -> Int64 {
        var end = expiry
        var extended: Int64?
        var settled = Int64.max
        for number in duty.settlements {
            let entry = index.entries[number]
            guard entry.token == delivery.token else { continue }
            switch (entry.operation, entry.how) {
            case (.ackTry, .extend):
                // The broker counts from when it is told, which is not before this.
                let lease = entry.lease > 0 ? entry.lease : delivery.lease
                extended = entry.time + lease
                end = min(end, entry.time + lease)
            case (.ackOK, .extend):
                if let until = extended { end = until }
            case (.ackTry, _): settled = min(settled, entry.time)
            default: break
            }
        }
        // The answer to an extension may come after the settlement was sent.
        return min(end, settled)
    }

    private mutating func checkTokens(_ duty: HistoryIndex.Duty) {
        let name = index.events[duty.name.event].name
        let group = index.groups[duty.name.group].name
        var tokens: [HistoryEntry.Token: Int] = [:]
        var attempts: [UInt64: Int] = [:]
        var again: [UInt64: Int] = [:]
        for delivery in duty.deliveries {
            guard let token = index.entries[delivery].token else { continue }
            let lost = HistoryIndex.LostAttempt(
                group: duty.name.group, event: duty.name.event, attempt: token.attempt)
            if attempts[token.attempt] != nil {
                again[token.attempt, default: 0] += 1
                // The broker's own records say how often the attempt did not happen.
                if again[token.attempt, default: 0] <= index.lost[lost, default: 0] { continue }
            }
            if let other = tokens[token], !isHandedOn(from: other, to: delivery) {
                violate(
                    .oneOwner, "\(name) went out twice in group \(group) under one token",
                    [other, delivery])
            } else if tokens[token] == nil, token.attempt > 1,
                let other = attempts[token.attempt], !isHandedOn(from: other, to: delivery)
            {
                violate(
                    .oneOwner,
                    "attempt \(token.attempt) of \(name) in group \(group) went out twice: its "
                        + "number was not durable", [other, delivery])
            }
            tokens[token] = delivery
            attempts[token.attempt] = delivery
        }
        checkAccepted(duty)
    }

    /// Whether a delivery goes out again under the number it had, because its worker was lost:
    /// Protocols/2-bus §6.1.
    ///
    /// The broker that lost the worker has to have lived on, as a later delivery of its shows; the
    /// number of an attempt that it made and lost with itself was not durable.
    private func isHandedOn(from other: Int, to delivery: Int) -> Bool {
        let (first, second) = (index.entries[other], index.entries[delivery])
        // Who kills a worker knows when only roughly; but it is not heard of any more.
        guard first.session != second.session, let end = index.sessionLasts[first.session],
            end <= second.time
        else { return false }
        return first.token?.epoch == second.token?.epoch
            || index.entries.contains {
                $0.operation == .deliver && $0.token?.epoch == first.token?.epoch && $0.time > end
            }
    }

    /// No settlement is accepted that was sent when a later token was out already, nor twice.
    private mutating func checkAccepted(_ duty: HistoryIndex.Duty) {
        var tries: [HistoryEntry.Token: Int] = [:]
        var accepted: [HistoryEntry.Token: Int] = [:]
        for number in duty.settlements {
            let entry = index.entries[number]
            guard let token = entry.token else { continue }
            if entry.operation == .ackTry { tries[token] = number }
            guard entry.operation == .ackOK, let attempt = tries[token] else { continue }
            let isHeld = duty.deliveries.contains {
                let given = index.entries[$0]
                return given.token == token && given.actor == entry.actor
                    && (given.session == entry.session || entry.session.isEmpty)
            }
            if !isHeld {
                violate(
                    .oneOwner,
                    "\(entry.actor) settled \(index.events[duty.name.event].name) under a token that "
                        + "it was not given", [attempt, number])
            }
            if entry.how != .extend {
                if let other = accepted[token] {
                    violate(
                        .oneOwner,
                        "\(index.events[duty.name.event].name) was settled twice under one token",
                        [other, number])
                }
                accepted[token] = number
            }
            let later = duty.deliveries.first {
                guard let other = index.entries[$0].token, other > token else { return false }
                return (index.entries[$0].sent ?? index.entries[$0].time)
                    < index.entries[attempt].time
            }
            if let later {
                violate(
                    .oneOwner,
                    "a settlement of \(index.events[duty.name.event].name) was accepted under an "
                        + "old token", [later, attempt, number])
            }
        }
    }

    /// Leases of one broker process, sorted by their begin, do not overlap.
    private mutating func checkOwners(_ leases: [Lease]) {
        var latest: [UInt64: Lease] = [:]
        for lease in leases {
            if let other = latest[lease.epoch] {
                if lease.begin < other.end {
                    let names = [other, lease].map {
                        "\(index.events[index.duties[$0.duty].name.event].name)"
                    }
                    let group = index.groups[index.duties[lease.duty].name.group].name
                    violate(
                        .oneOwner,
                        names[0] == names[1]
                            ? "\(names[0]) had two owners at once in group \(group)"
                            : "\(names[0]) and \(names[1]), of one key, were out at once in group "
                                + "\(group)", [other.entry, lease.entry])
                }
                if lease.end > other.end { latest[lease.epoch] = lease }
            } else {
                latest[lease.epoch] = lease
            }
        }
    }

    private mutating func checkOrder(_ leases: [Lease]) {
        guard let first = leases.first,
            !index.events[index.duties[first.duty].name.event].key.isEmpty
        else { return }
        let isExact = leases.allSatisfy { index.entries[$0.entry].sent != nil }
        var highest: [UInt64: Lease] = [:]
        var seen: Set<Int> = []
        for lease in leases {
            let isFirst = seen.insert(lease.duty).inserted
            // Without the broker's own times only firsts compare, and one that came to notice
            // only after it was given up says nothing.
            // A dead letter that is tried again comes out of its turn.
            guard index.duties[lease.duty].deadLetterRetried == nil,
                isExact || (isFirst && index.duties[lease.duty].deadLetter == nil)
            else { continue }
            if let other = highest[lease.replay], other.offset > lease.offset {
                let names = [other, lease].map {
                    index.events[index.duties[$0.duty].name.event].name
                }
                violate(
                    .order,
                    "\(names[0]) (\(other.offset)) went out before \(names[1]) (\(lease.offset)), of "
                        + "the same key", [other.entry, lease.entry])
            } else {
                highest[lease.replay] = lease
            }
        }
    }
}
