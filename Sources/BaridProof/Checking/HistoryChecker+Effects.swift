// What the work came to.
extension HistoryChecker {
    mutating func checkEffects() {
        for duty in index.duties where index.groups[duty.name.group].hasEffects {
            let event = index.events[duty.name.event].name
            let group = index.groups[duty.name.group].name
            if duty.effects.count > 1 {
                violate(
                    .effect, "\(event) took effect \(duty.effects.count) times in group \(group)",
                    Array(duty.effects.prefix(3)))
            }
            let acked = duty.settlements.first {
                index.entries[$0].operation == .ackOK && index.entries[$0].how == .ack
            }
            var first = duty.name
            first.life = 0
            if let acked, index.duty(first)?.effects.isEmpty ?? true {
                violate(.effect, "\(event) was acked in group \(group) without effect", [acked])
            }
        }
        for (number, group) in index.groups.enumerated() where !group.rows.isEmpty {
            checkRows(number, group)
        }
    }

    /// Each row is the effect with the highest revision, and of these the highest offset.
    private mutating func checkRows(_ number: Int, _ group: HistoryIndex.Group) {
        var model: [String: Int] = [:]
        for duty in index.duties where duty.name.group == number {
            for effect in duty.effects {
                let name = rowName(effect)
                guard let known = model[name] else {
                    model[name] = effect
                    continue
                }
                if rank(known) < rank(effect) { model[name] = effect }
            }
        }
        for row in group.rows {
            let entry = index.entries[row]
            guard let expected = model.removeValue(forKey: entry.key) else {
                violate(
                    .effect, "row \(entry.key) of group \(group.name) comes from no effect", [row])
                continue
            }
            if index.entries[expected].event != entry.event {
                violate(
                    .effect,
                    "row \(entry.key) of group \(group.name) is \(entry.event), and should be "
                        + "\(index.entries[expected].event)", [expected, row])
            }
        }
        for name in model.keys.sorted() {
            violate(
                .effect, "row \(name) of group \(group.name) is missing",
                [model[name]].compactMap(\.self))
        }
    }

    private func rowName(_ effect: Int) -> String {
        let entry = index.entries[effect]
        guard entry.key.isEmpty, let event = index.eventNumbers[entry.event] else {
            return entry.key
        }
        return index.events[event].key
    }

    private func rank(_ effect: Int) -> (UInt64, UInt64) {
        guard let number = index.eventNumbers[index.entries[effect].event] else { return (0, 0) }
        let event = index.events[number]
        return (event.revision, event.stored.first.map { index.entries[$0].offset } ?? 0)
    }
}
