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
        var round: Round
        var epoch: UInt64
    }

    /// What goes out in order, again for each replay and life.
    private struct Round: Hashable {
        var replay: UInt64
        var life: UInt64
    }

    /// What all lives of a group have of an event.
    private struct Lives: Hashable {
        var group: Int
        var event: Int
        var replay: UInt64
    }

    private struct Unit: Hashable {
        var group: Int
        var key: String
        /// The event and where it is stored, when it has no key.
        var event: Int
        var offset: UInt64
    }

    mutating func checkLeases() {
        var units: [Unit: [Lease]] = [:]
        checkTokensOfLives()
        for (number, duty) in index.duties.enumerated() {
            checkTokens(duty)
            checkAccepted(duty)
            let key = index.events[duty.name.event].key
            for delivery in duty.deliveries {
                let unit = Unit(
                    group: duty.name.group, key: key, event: key.isEmpty ? duty.name.event : -1,
                    offset: key.isEmpty ? index.entries[delivery].offset : 0)
                units[unit, default: []].append(lease(delivery, number, duty))
            }
        }
        let sorted = units.values.sorted { ($0.first?.entry ?? 0) < ($1.first?.entry ?? 0) }
        for leases in sorted {
            // What was taken back the moment it went out comes before what took its turn then.
            let leases = leases.sorted {
                ($0.begin, $0.end, $0.entry) < ($1.begin, $1.end, $1.entry)
            }
            checkOwners(leases)
            checkOrder(leases)
        }
    }

    private func lease(_ delivery: Int, _ number: Int, _ duty: HistoryIndex.Duty) -> Lease {
        let entry = index.entries[delivery]
        var earliest = entry.sent
        if earliest == nil, let delay = index.limit("delay_ns") { earliest = entry.time - delay }
        var end = Int64.min
        if let earliest, entry.lease > 0 {
            end = earliest + entry.lease
            end = ended(end, entry, duty)
            end = min(end, index.sessionEnds[entry.session] ?? .max)
            end = min(end, ownership(of: duty))
        }
        return Lease(
            entry: delivery, duty: number, begin: entry.sent ?? entry.time, end: end,
            offset: entry.offset,
            round: Round(replay: duty.name.replay, life: duty.name.life),
            epoch: entry.token?.epoch ?? 0)
    }

    /// When a group had nothing to do with an event any more, whoever held it.
    private func ownership(of duty: HistoryIndex.Duty) -> Int64 {
        min(
            index.groups[duty.name.group].ends[duty.name.life] ?? .max,
            duty.trimmed.map { index.entries[$0].time } ?? .max)
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

    /// Tokens of an event in a group grow, whatever becomes of it; attempts do while nothing makes
    /// them count anew.
    ///
    /// Stored again, after the window of repeats, it is another event.
    private mutating func checkTokens(_ duty: HistoryIndex.Duty) {
        let name = index.events[duty.name.event].name
        let group = index.groups[duty.name.group].name
        let given = duty.deliveries.compactMap { number in
            index.entries[number].token.map {
                (offset: index.entries[number].offset, token: $0, number: number)
            }
        }.sorted { ($0.offset, $0.token, $0.number) < ($1.offset, $1.token, $1.number) }
        var lost: [UInt64: Int] = [:]
        for (first, second) in zip(given, given.dropFirst()) where first.offset == second.offset {
            let numbers = [first.number, second.number]
            guard
                duty.isTurnless
                    || (first.token.turn, first.token.attempt)
                        < (second.token.turn, second.token.attempt)
            else {
                violate(
                    .oneOwner, "\(name) went out twice in group \(group) under one token", numbers)
                continue
            }
            if let earlier = index.entries[first.number].sent,
                let later = index.entries[second.number].sent, earlier > later
            {
                violate(
                    .oneOwner, "\(name) went out in group \(group) under an older token",
                    numbers)
            }
            let attempt = second.token.attempt
            guard attempt <= first.token.attempt else { continue }
            if attempt == first.token.attempt {
                // First attempts are recorded later than they go out.
                if attempt == 1, first.token.epoch < second.token.epoch { continue }
                let mark = HistoryIndex.LostAttempt(
                    group: duty.name.group, event: duty.name.event, attempt: attempt,
                    life: duty.name.life)
                // The broker's own records say how often the attempt did not happen.
                lost[attempt, default: 0] += 1
                if lost[attempt, default: 0] <= index.lost[mark, default: 0] { continue }
                if isHandedOn(from: first.number, to: second.number) { continue }
            }
            if countsAnew(duty, from: first.number, to: second.number) { continue }
            violate(
                .oneOwner,
                "attempt \(attempt) of \(name) in group \(group) went out twice: its "
                    + "number was not durable", numbers)
        }
    }

    /// Tokens grow from one life of a group to the next.
    private mutating func checkTokensOfLives() {
        var lives: [Lives: [Int]] = [:]
        for (number, duty) in index.duties.enumerated()
        where !duty.deliveries.isEmpty && !duty.isTurnless {
            let name = duty.name
            lives[Lives(group: name.group, event: name.event, replay: name.replay), default: []]
                .append(number)
        }
        let several = lives.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
        for numbers in several {
            let given = numbers.sorted { index.duties[$0].name.life < index.duties[$1].name.life }
                .map { number in
                    index.duties[number].deliveries.compactMap { delivery in
                        index.entries[delivery].token.map { ($0.turn, $0.attempt, delivery) }
                    }
                }
            for (earlier, later) in zip(given, given.dropFirst()) {
                let lasts = Dictionary(
                    earlier.map { (index.entries[$0.2].offset, $0) },
                    uniquingKeysWith: { $0 < $1 ? $1 : $0 })
                let pairs = later.compactMap { first in
                    lasts[index.entries[first.2].offset].map { ($0, first) }
                }
                guard
                    let (last, first) = pairs.first(where: { last, first in
                        (last.0, last.1) >= (first.0, first.1)
                    })
                else { continue }
                violate(
                    .oneOwner,
                    "\(index.entries[first.2].event) went out after a reset or deletion of group "
                        + "\(index.entries[first.2].group) under a token that is not later",
                    [last.2, first.2])
            }
        }
    }

    /// Whether something between two deliveries makes attempts count from 1 anew.
    private func countsAnew(_ duty: HistoryIndex.Duty, from first: Int, to second: Int) -> Bool {
        let (first, second) = (index.entries[first], index.entries[second])
        let (from, to) = (first.sent ?? first.time, second.sent ?? second.time)
        return from <= to
            && duty.retries.contains { (from...to).contains(index.entries[$0].time) }
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
        var accepted: [Settler: [Int]] = [:]
        for number in duty.settlements {
            let entry = index.entries[number]
            guard let token = entry.token else { continue }
            if entry.operation == .ackTry { tries[token] = number }
            guard entry.operation == .ackOK, let attempt = tries[token] else { continue }
            // One place, unless the event was stored again after the window of repeats.
            let places = Set(
                duty.deliveries.map { index.entries[$0] }.filter { given in
                    given.token == token && given.actor == entry.actor
                        && (given.session == entry.session || entry.session.isEmpty)
                }.map(\.offset))
            if places.isEmpty {
                violate(
                    .oneOwner,
                    "\(entry.actor) settled \(index.events[duty.name.event].name) under a token that "
                        + "it was not given", [attempt, number])
            }
            if index.entries[attempt].time > ownership(of: duty) {
                violate(
                    .oneOwner,
                    "a settlement of \(index.events[duty.name.event].name) was accepted after its "
                        + "group began anew or was deleted, or retention took it",
                    [attempt, number])
            }
            if entry.how != .extend {
                let settler = Settler(actor: entry.actor, session: entry.session, token: token)
                let others = accepted[settler, default: []]
                if let other = others.last, others.count >= places.count {
                    violate(
                        .oneOwner,
                        "\(index.events[duty.name.event].name) was settled twice under one token",
                        [other, number])
                }
                accepted[settler] = others + [number]
            }
            let later = duty.deliveries.first {
                guard let other = index.entries[$0].token, other > token,
                    places == [index.entries[$0].offset]
                else { return false }
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

    /// A dead letter that is tried again comes out of its turn.
    private func isAfterRetry(_ lease: Lease) -> Bool {
        index.duties[lease.duty].retries.contains { index.entries[$0].time <= lease.begin }
    }

    private mutating func checkOrder(_ leases: [Lease]) {
        guard let first = leases.first,
            !index.events[index.duties[first.duty].name.event].key.isEmpty
        else { return }
        let isExact = leases.allSatisfy { index.entries[$0.entry].sent != nil }
        var highest: [Round: Lease] = [:]
        var seen: Set<Int> = []
        for lease in leases {
            let isFirst = seen.insert(lease.duty).inserted
            // Without the broker's own times only firsts compare, and one that came to notice
            // only after it was given up says nothing.
            guard !isAfterRetry(lease),
                isExact || (isFirst && index.duties[lease.duty].deadLetter == nil)
            else { continue }
            if let other = highest[lease.round], other.offset > lease.offset {
                let names = [other, lease].map {
                    index.events[index.duties[$0.duty].name.event].name
                }
                violate(
                    .order,
                    "\(names[0]) (\(other.offset)) went out before \(names[1]) (\(lease.offset)), of "
                        + "the same key", [other.entry, lease.entry])
            } else {
                highest[lease.round] = lease
            }
        }
    }
}
