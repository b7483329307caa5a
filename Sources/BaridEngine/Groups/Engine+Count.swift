// What a group has to do, for those who count it.
extension Engine {
    /// The stored events that a group is not done with; its filter is asked of none of them.
    ///
    /// - Returns: `nil` when there is no such group.
    public func due(of group: GroupID) -> SequenceSet? {
        guard group.number < groups.count, !groups[Int(group.number)].isDeleted else {
            return nil
        }
        let (runtime, state) = (groups[Int(group.number)], durable.groups[Int(group.number)])
        let topic = durable.topics[runtime.topic]
        var due = SequenceSet()
        let from = max(state.floor + 1, topic.first)
        if from < topic.next { due.insert(from...topic.next - 1) }
        for range in state.settled.ranges + runtime.skipped.ranges { due.remove(range) }
        for range in state.again.sequences.ranges where range.upperBound >= topic.first {
            due.insert(max(range.lowerBound, topic.first)...range.upperBound)
        }
        return due
    }

    /// How many of these events a group's filter takes, as far as that is known without a look at them.
    ///
    /// It is where there is no filter, or they are all that was ever stored, counted by their types.
    ///
    /// - Parameters:
    ///   - due: What ``due(of:)`` said just now.
    ///   - group: The group.
    /// - Returns: `nil` where they have to be looked at.
    public func knownCount(of due: SequenceSet, in group: GroupID) -> UInt64? {
        let runtime = groups[Int(group.number)]
        guard runtime.attributes.isEmpty else { return nil }
        guard !due.isEmpty, !runtime.patterns.isEmpty else { return due.count }
        let topic = durable.topics[runtime.topic]
        guard topic.types.others == 0, due.ranges == [1...topic.next - 1] else { return nil }
        return topic.types.elements.reduce(0) { count, element in
            element.type.withUnsafeBytes(runtime.takes) ? count + element.count : count
        }
    }

    /// Whether a group's filter takes an event.
    ///
    /// - Parameters:
    ///   - event: The serialised bytes of an event of the group's topic.
    ///   - group: The group.
    /// - Returns: False too for what is no event.
    public func takes(_ event: ArraySlice<UInt8>, group: GroupID) -> Bool {
        guard let scan = try? RoutingScan(event) else { return false }
        return event.withUnsafeBytes { groups[Int(group.number)].matches($0, scan) }
    }
}
