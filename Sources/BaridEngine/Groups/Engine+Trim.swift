extension Engine {
    /// Lets go of what topics are to keep no longer, also where a group is not done with it.
    mutating func trim(_ trim: Trim, into actions: inout [Action]) {
        append(.trim(trim), into: &actions)
        for part in trim.topics {
            let topic = durable.topics[Int(part.topic.number)]
            for index in groups.indices where groups[index].topic == Int(part.topic.number) {
                groups[index].drop(before: part.first)
                let state = durable.groups[index]
                let next = max(groups[index].cursor, part.first)
                if next != groups[index].cursor {
                    groups[index].cursor = state.settled.firstGap(from: max(next, state.floor + 1))
                    groups[index].cursorPosition = topic.position(of: groups[index].cursor)
                }
                if groups[index].againCursor < part.first {
                    groups[index].againCursor = state.again.next(from: part.first) ?? .max
                }
                dispatch(index, into: &actions)
            }
        }
    }
}
