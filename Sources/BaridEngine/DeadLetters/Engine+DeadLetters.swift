extension Engine {
    /// Removes dead letters for good; Protocols/2-bus §13.
    mutating func removeDeadLetters(
        _ group: GroupID, _ positions: [UInt64], into actions: inout [Action]
    ) {
        let known = deadLetters(of: group, at: positions)
        guard !known.isEmpty else { return }
        append(
            .deadLettersRemoved(group: group, positions: known.map(\.position)), into: &actions)
    }

    /// Those of the positions that still hold a dead letter of the group, each once.
    func deadLetters(
        of group: GroupID, at positions: [UInt64]
    ) -> [DurableGroup.DeadLetterMark] {
        guard group.number < durable.groups.count else { return [] }
        let state = durable.groups[Int(group.number)]
        return Set(positions).sorted().compactMap { state.deadLetter(at: $0) }
    }
}
