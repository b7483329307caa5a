// Durability, offsets, and that nothing comes from nowhere.
extension HistoryChecker {
    mutating func checkStorage() {
        for number in index.strayAnswers {
            violate(
                .noPhantom,
                "\(index.entries[number].event) has an answer, and nobody tried to publish it",
                [number])
        }
        for (number, event) in index.events.enumerated() {
            checkDurability(event)
            checkPlace(event)
            checkOrigin(number, event)
        }
        for name in index.topics.keys.sorted() { checkOffsets(name) }
        for duty in index.duties { checkOrigin(of: duty) }
    }

    private func firstKept(_ topic: String) -> UInt64 { index.topics[topic]?.firstKept ?? 1 }

    private mutating func checkDurability(_ event: HistoryIndex.Event) {
        guard event.stored.isEmpty else { return checkBody(event) }
        for attempt in event.tries {
            guard let answer = attempt.answer, index.entries[answer].operation == .publishOK
            else { continue }
            let offset = index.entries[answer].offset
            // Retention may have taken it, which is told by its offset where that is known.
            let kept = firstKept(event.topic)
            guard kept == 1 || offset >= kept else { continue }
            violate(
                .durability, "\(event.name) was acknowledged and is not in the log",
                [attempt.entry, answer])
        }
    }

    /// What was acknowledged is what is stored.
    private mutating func checkBody(_ event: HistoryIndex.Event) {
        for attempt in event.tries {
            guard let answer = attempt.answer, index.entries[answer].operation == .publishOK,
                !event.stored.contains(where: {
                    index.entries[$0].hash == index.entries[attempt.entry].hash
                })
            else { continue }
            // A worker's outputs are left out, whatever their data, if they were stored before.
            guard index.entries[answer].offset > 0 else { continue }
            violate(
                .durability, "\(event.name) was acknowledged, and is stored with other data",
                [attempt.entry, answer] + event.stored)
        }
    }

    /// Each event has one offset, within the window in which repeats are recognised.
    private mutating func checkPlace(_ event: HistoryIndex.Event) {
        // The window is one for all topics; of others' events all may have come in between.
        let others = UInt64(
            index.topics.reduce(0) { $1.key == event.topic ? $0 : $0 + $1.value.log.count })
        let limit = index.limit("identity_window").map { UInt64(clamping: $0) } ?? .max
        let window = limit > others ? limit - others : 0
        let stored = event.stored.sorted { index.entries[$0].offset < index.entries[$1].offset }
        for (earlier, later) in zip(stored, stored.dropFirst()) {
            let distance = index.entries[later].offset - index.entries[earlier].offset
            guard distance > 0, distance < window else { continue }
            violate(
                .offsets,
                "\(event.name) is stored twice, as \(index.entries[earlier].offset) and "
                    + "\(index.entries[later].offset)", [earlier, later])
        }
        for attempt in event.tries {
            guard let answer = attempt.answer, index.entries[answer].operation == .publishOK,
                index.entries[answer].offset >= firstKept(event.topic), !stored.isEmpty,
                !stored.contains(where: {
                    index.entries[$0].offset == index.entries[answer].offset
                })
            else { continue }
            violate(
                .offsets,
                "\(event.name) was acknowledged as \(index.entries[answer].offset) and is stored "
                    + "elsewhere", [answer] + stored)
        }
    }

    /// What is stored was published with that data, by a try that was not refused.
    private mutating func checkOrigin(_ number: Int, _ event: HistoryIndex.Event) {
        for stored in event.stored {
            checkOrigin("stored", event, index.entries[stored], stored)
        }
    }

    private mutating func checkOrigin(
        _ what: String, _ event: HistoryIndex.Event, _ entry: HistoryEntry, _ number: Int
    ) {
        guard !event.tries.isEmpty else {
            violate(.noPhantom, "\(event.name) is \(what), and nobody published it", [number])
            return
        }
        let fitting =
            entry.hash.isEmpty
            ? event.tries
            : event.tries.filter { index.entries[$0.entry].hash == entry.hash }
        guard !fitting.isEmpty else {
            violate(
                .noPhantom, "\(event.name) is \(what) with data that nobody published",
                event.tries.prefix(2).map(\.entry) + [number])
            return
        }
        let refused = fitting.allSatisfy {
            $0.answer.map { index.entries[$0].operation == .publishError } ?? false
        }
        guard !refused else {
            violate(
                .noPhantom, "\(event.name) is \(what), though every try was refused",
                fitting.prefix(2).flatMap { [$0.entry, $0.answer ?? $0.entry] } + [number])
            return
        }
    }

    private mutating func checkOrigin(of duty: HistoryIndex.Duty) {
        let event = index.events[duty.name.event]
        let group = index.groups[duty.name.group]
        for number in duty.deliveries {
            let entry = index.entries[number]
            checkOrigin("delivered", event, entry, number)
            if group.entry >= 0, !group.matches(event.type) {
                violate(
                    .noPhantom,
                    "\(event.name) of type \(event.type) went to group \(group.name), whose filter "
                        + "does not match it", [group.entry, number])
            }
            let stored = event.stored.map { index.entries[$0].offset }
            if !stored.isEmpty, !stored.contains(entry.offset) {
                violate(
                    .offsets,
                    "\(event.name) was delivered as \(entry.offset) and is stored elsewhere",
                    [number] + event.stored)
            }
        }
        for number in duty.effects {
            checkOrigin("in effect", event, index.entries[number], number)
        }
    }

    private mutating func checkOffsets(_ name: String) {
        guard let topic = index.topics[name] else { return }
        var next = topic.firstKept
        var last: Int?
        for number in topic.log {
            let entry = index.entries[number]
            if let last, index.entries[last].offset == entry.offset {
                if index.entries[last].event != entry.event
                    || index.entries[last].hash != entry.hash
                {
                    violate(.offsets, "offset \(entry.offset) holds two events", [last, number])
                }
                continue
            }
            // A dump may still hold what retention is about to remove.
            if entry.offset > next {
                violate(
                    .offsets, "offsets \(next) to \(entry.offset - 1) are missing",
                    [last, number].compactMap(\.self))
            }
            next = max(next, entry.offset + 1)
            last = number
        }
        var owners: [UInt64: Int] = [:]
        for number in topic.receipts {
            let entry = index.entries[number]
            if let owner = owners[entry.offset], index.entries[owner].event != entry.event {
                violate(
                    .offsets, "offset \(entry.offset) was given to two events", [owner, number])
            }
            owners[entry.offset] = number
        }
    }
}
