internal import BaridBroker
internal import BaridEngine
internal import BaridLog
internal import BaridProof

/// Holds each trim to the rules of the run, and writes down what it takes from groups.
struct RetentionAudit {
    let rules: Retention
    let recorder: Recorder
    /// The id of an event that the log holds at a position or after it.
    let idOfEvent: (_ sequence: UInt64, TopicID, _ position: UInt64) -> String?
    /// When the record before a position was stored.
    let wallBefore: (_ position: UInt64) -> Int64?

    /// Protocols/2-bus §8.1: what is let go of is what a rule lets go, and no dead letter with it.
    func check(_ trim: Trim, at entry: LogEntry, before durable: Durable, _ lives: Lives) {
        for group in durable.groups where !group.isDeleted {
            let name = group.definition.name
            for letter in group.deadLetters
            where min(letter.position, letter.eventPosition) < trim.position {
                fail("a dead letter of \(name) at \(letter.position) goes, as \(trim.position)")
            }
        }
        for part in trim.topics {
            let topic = durable.topics[Int(part.topic.number)]
            guard part.first > topic.first else { continue }
            let taken = topic.first...part.first - 1
            var isTaken = false
            var hasGroup = false
            for (number, group) in durable.groups.enumerated()
            where group.definition.topic == part.topic && !group.isDeleted {
                hasGroup = true
                for sequence in taken {
                    let again = group.again.number(of: sequence)
                    let isDone = sequence <= group.floor || group.settled.contains(sequence)
                    guard !isDone || again != nil else { continue }
                    isTaken = true
                    let id = idOfEvent(sequence, part.topic, topic.position(of: sequence))
                    guard let id else {
                        fail("event \(sequence) of \(topic.name) is gone before its trim")
                        continue
                    }
                    write("\(topic.name)/\(id)", GroupID(UInt32(number)), again ?? 0, lives)
                }
                if let retried = group.earlier.keys.min(), retried < part.first {
                    fail("\(retried) goes, a dead letter of \(group.definition.name) retried")
                }
            }
            if (isTaken || !hasGroup || !rules.acknowledged),
                !isLimited(topic, first: part.first, at: trim.position, entry)
            {
                fail("\(topic.name) goes before \(part.first), and no rule says so")
            }
        }
    }

    /// Whether one of the limits lets go of it; that of bytes is taken at its word.
    private func isLimited(
        _ topic: DurableTopic, first: UInt64, at position: UInt64, _ entry: LogEntry
    ) -> Bool {
        if rules.bytes != nil { return true }
        if let events = rules.events, topic.next - first >= events { return true }
        guard let age = rules.age, let wall = wallBefore(position) else { return false }
        return Duration.nanoseconds(entry.wallTime - wall) > age
    }

    private func write(
        _ event: String, _ group: GroupID, _ replay: UInt32, _ lives: Lives
    ) {
        recorder.add(.trimmed, "broker") {
            $0.event = event
            $0.group = lives.name(of: group)
            $0.life = lives.life(of: group)
            $0.replay = UInt64(replay)
        }
    }

    private func fail(_ statement: String) { recorder.fail("retention", statement) }
}
