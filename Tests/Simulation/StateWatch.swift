internal import BaridEngine
internal import BaridLog

/// Replays the log beside the broker, and compares the states to the hash.
///
/// What a log once said is durable has to be in it, unchanged, whatever happens to the machine.
struct StateWatch {
    private var shadow = Durable()
    private var lives = Lives()
    private let audit: RetentionAudit

    init(_ audit: RetentionAudit) { self.audit = audit }

    /// Catches up with what is durable, and compares it with the broker's state.
    mutating func compare(with durable: Durable, _ log: any EventLog, _ recorder: Recorder) {
        guard catchUp(log, recorder) else { return }
        guard durable.nextPosition == shadow.nextPosition else { return }
        if durable.hash != shadow.hash {
            recorder.fail(
                "stateHash",
                "at position \(shadow.nextPosition - 1) a replay of the log gives another state: "
                    + Self.differences(durable, shadow))
        }
    }

    /// Catches up with what is durable.
    ///
    /// - Returns: Whether that could be done.
    @discardableResult
    mutating func catchUp(_ log: any EventLog, _ recorder: Recorder) -> Bool {
        do {
            var lives = lives
            try Self.replay(&shadow, log, through: log.durablePosition) { record, entry, before in
                if case .trim(let trim) = record {
                    audit.check(trim, at: entry, before: before, lives)
                }
                lives.apply(record)
            }
            self.lives = lives
            return true
        } catch {
            recorder.fail("stateHash", "the log cannot be replayed: \(error)")
            return false
        }
    }

    /// Replays the log from its beginning and compares that with what was seen of it before.
    mutating func compareAfterRestart(
        with durable: Durable, _ log: any EventLog, _ recorder: Recorder
    ) {
        let seen = shadow.nextPosition - 1
        guard log.durablePosition >= seen else {
            recorder.fail(
                "durability",
                "the log ends at \(log.durablePosition), and \(seen) was durable before")
            return
        }
        if log.firstPosition == 1 {
            var again = Durable()
            do {
                try Self.replay(&again, log, through: seen)
            } catch {
                recorder.fail("stateHash", "the log cannot be replayed: \(error)")
                return
            }
            if again.hash != shadow.hash {
                recorder.fail(
                    "stateHash",
                    "what was durable up to \(seen) is not what it was before: "
                        + Self.differences(again, shadow))
            }
        }
        compare(with: durable, log, recorder)
    }

    /// Which parts of two states differ.
    private static func differences(_ here: Durable, _ there: Durable) -> String {
        var parts: [String] = []
        if here.wall != there.wall { parts.append("wall") }
        if here.epoch != there.epoch { parts.append("epoch") }
        if here.topics != there.topics { parts.append("topics") }
        for (left, right) in zip(here.groups, there.groups) where left != right {
            parts.append(
                "group \(left.definition.name): \(differences(left, right).joined(separator: ", "))"
            )
        }
        return parts.isEmpty ? "identities or exits" : parts.joined(separator: "; ")
    }

    private static func differences(_ left: DurableGroup, _ right: DurableGroup) -> [String] {
        var parts: [String] = []
        if left.floor != right.floor { parts.append("floor \(left.floor) and \(right.floor)") }
        if left.settled != right.settled { parts.append("settled") }
        if left.delivered != right.delivered {
            parts.append("delivered \(left.delivered.ranges) and \(right.delivered.ranges)")
        }
        if left.again != right.again { parts.append("again \(left.again) and \(right.again)") }
        if left.attempts != right.attempts { parts.append("attempts") }
        if left.deadLetters != right.deadLetters {
            parts.append("dead letters \(left.deadLetters) and \(right.deadLetters)")
        }
        if left.acked != right.acked || left.redelivered != right.redelivered {
            parts.append("counters")
        }
        return parts
    }

    static func replay(
        _ durable: inout Durable, _ log: any EventLog, through last: UInt64,
        _ body: (Record, LogEntry, Durable) -> Void = { _, _, _ in }
    ) throws {
        while durable.nextPosition <= last {
            let entries = try log.read(
                from: durable.nextPosition, maximumBytes: 1 << 20, maximumCount: 4_096)
            guard !entries.isEmpty else {
                throw RecordFailure.inconsistent("no record \(durable.nextPosition)")
            }
            for entry in entries where entry.position <= last {
                let record = try Record(kind: entry.kind, payload: entry.payload)
                body(record, entry, durable)
                try durable.apply(record, position: entry.position, wall: entry.wallTime)
            }
        }
    }
}
