// Figures for operators: volatile, and read by nobody else.
extension Engine {
    /// What a group has done since the process began; `nil` when there is none with this number.
    public func figures(of group: GroupID) -> GroupFigures? {
        guard group.number < groups.count else { return nil }
        return groups[Int(group.number)].meter.figures
    }

    /// What a topic has taken since the process began.
    public func figures(of topic: TopicID) -> TopicFigures {
        topic.number < topics.count ? topics[Int(topic.number)] : TopicFigures()
    }

    /// When the oldest event was stored that a group is not done with, in nanoseconds since 1970.
    ///
    /// `nil` when that event is not in the group's window.
    public func storedTime(of sequence: UInt64, in group: GroupID) -> Int64? {
        guard group.number < groups.count else { return nil }
        let runtime = groups[Int(group.number)]
        guard let slot = runtime.slot(of: sequence), runtime.entries[slot].stored > 0 else {
            return nil
        }
        return runtime.entries[slot].stored
    }

    /// The log position of an event's record; `nil` when the event is not in the group's window.
    public func position(of sequence: UInt64, in group: GroupID) -> UInt64? {
        guard group.number < groups.count else { return nil }
        let runtime = groups[Int(group.number)]
        return runtime.slot(of: sequence).map { runtime.entries[$0].position }
    }

    /// Counts what is stored of a topic.
    mutating func count(_ block: EventBlock, emitted: Bool) {
        withFigures(of: block.topic) { $0.stored(block, emitted: emitted) }
    }

    /// Counts what publishers were answered.
    mutating func count(_ receipts: [Receipt], topic: TopicID?) {
        for receipt in receipts {
            if let fault = receipt.fault {
                refused[fault.reason, default: 0] &+= UInt64(receipt.count)
            } else if receipt.duplicate, let topic {
                withFigures(of: topic) { $0.duplicates &+= UInt64(receipt.count) }
            }
        }
    }

    private mutating func withFigures(of topic: TopicID, _ body: (inout TopicFigures) -> Void) {
        while topics.count <= topic.number { topics.append(TopicFigures()) }
        body(&topics[Int(topic.number)])
    }
}
