internal import BaridEngine
internal import BaridLog

/// A log that changes records before it keeps them, as a broker does that forgets to write
/// something down.
final class RewritingLog: WrappedLog {
    private let rewrite: (Record) -> Record

    init(_ log: SegmentedLog, _ rewrite: @escaping (Record) -> Record) {
        self.rewrite = rewrite
        super.init(log)
    }

    override func append(
        _ entries: [NewLogEntry], expecting expected: UInt64
    ) throws(LogError) -> UInt64 {
        let changed = entries.map { entry in
            let payload = entry.payload.reduce(into: [UInt8]()) { $0 += $1 }
            guard let record = try? Record(kind: entry.kind, payload: payload[...]) else {
                return entry
            }
            let other = rewrite(record)
            guard other != record else { return entry }
            return NewLogEntry(
                kind: other.kind.rawValue, flags: entry.flags, wallTime: entry.wallTime,
                payload: other.encode())
        }
        return try log.append(changed, expecting: expected)
    }
}

/// What the log holds is not what the broker thinks it holds.
///
/// Comparing the states would notice every one of these; the history has to notice them alone.
class RecordMutant: Mutant {
    override var keepsState: Bool { false }
    func rewrite(_ record: Record) -> Record { record }
    override func log(_ log: SegmentedLog) -> WrappedLog { RewritingLog(log, rewrite) }
    override func adjust(_ plan: inout RunPlan) {
        // From the log alone, not from a snapshot that remembers better.
        plan.core.snapshotRecords = .max
        plan.core.idleSnapshotRecords = .max
        plan.faults += [.processDeath, .powerLoss]
    }
}

/// A later attempt's number is not durable before it goes out.
final class ForgottenAttempts: RecordMutant {
    override var name: String { "an attempt goes out before its number is durable" }
    override var noticedBy: Set<String> { ["oneOwner"] }
    override func rewrite(_ record: Record) -> Record {
        guard case .attempts(let group, _) = record else { return record }
        return .attempts(group: group, [])
    }
}

/// Acks are confirmed and not kept.
final class ForgottenAcks: RecordMutant {
    override var name: String { "an ack is confirmed and forgotten" }
    override var noticedBy: Set<String> { ["noResurrection"] }
    override func rewrite(_ record: Record) -> Record {
        guard case .settled(let group, let acked, _, let outputs) = record else { return record }
        return .settled(group: group, acked: acked, ranges: [], outputs: outputs)
    }
}

/// Outputs of an ack are not in its record.
final class ForgottenOutputs: Mutant {
    override var name: String { "an ack is kept without its outputs" }
    override var noticedBy: Set<String> { ["durability"] }
    override func settling(
        _ request: SettleRequest, of worker: Worker, on link: Link
    ) -> SettleRequest {
        var changed = request
        for index in changed.settlements.indices {
            if case .ack = changed.settlements[index].outcome {
                changed.settlements[index].outcome = .ack(outputs: [])
            }
        }
        return changed
    }
}

/// What a rejected event was rejected for is confirmed and not kept.
final class ForgottenDeadLetters: RecordMutant {
    override var name: String { "a dead letter is forgotten by a restart" }
    override var noticedBy: Set<String> { ["noResurrection", "completeness"] }
    override func rewrite(_ record: Record) -> Record {
        guard case .deadLetter(let letter) = record else { return record }
        return .settled(group: letter.group, acked: 0, ranges: [], outputs: nil)
    }
}

/// Identities of events are not those by which they are looked for after a restart.
final class ForgottenIdentities: RecordMutant {
    override var name: String { "repeats are not recognised after a restart" }
    override var noticedBy: Set<String> { ["offsets"] }
    override func rewrite(_ record: Record) -> Record {
        guard case .events(var block) = record else { return record }
        for index in block.events.indices { block.events[index].identity.hash ^= 0x5555 }
        return .events(block)
    }
}

/// Events beyond what was delivered are taken for done.
final class OverlookedEvents: RecordMutant {
    override var name: String { "an event is settled that nobody had" }
    override var noticedBy: Set<String> { ["completeness", "liveness"] }
    override func rewrite(_ record: Record) -> Record {
        guard case .settled(let group, let acked, var ranges, let outputs) = record,
            let last = ranges.last
        else { return record }
        ranges.append(last.upperBound + 1...last.upperBound + 1)
        return .settled(group: group, acked: acked, ranges: ranges, outputs: outputs)
    }
}

/// A reset is confirmed and not kept.
final class ForgottenReset: OperatedMutant {
    override var name: String { "a reset is confirmed and forgotten" }
    override var noticedBy: Set<String> { ["completeness"] }
    override var operations: [Operation.Kind] { [.reset] }
    override func rewrite(_ record: Record) -> Record {
        guard case .groupReset(let group, _) = record else { return record }
        return .settled(group: group, acked: 0, ranges: [], outputs: nil)
    }
}

/// A deletion is confirmed and not kept.
final class ForgottenDeletion: OperatedMutant {
    override var name: String { "a deletion is confirmed and forgotten" }
    override var noticedBy: Set<String> { ["deletion"] }
    override var operations: [Operation.Kind] { [.delete] }
    override func rewrite(_ record: Record) -> Record {
        guard case .groupDeleted(let group) = record else { return record }
        return .settled(group: group, acked: 0, ranges: [], outputs: nil)
    }
}

/// A purge is confirmed before it is kept, and a crash comes between.
final class ForgottenPurge: OperatedMutant {
    override var name: String { "a purge is confirmed and forgotten" }
    override var noticedBy: Set<String> { ["durability"] }
    override var operations: [Operation.Kind] { [.purge] }
    override func rewrite(_ record: Record) -> Record {
        guard case .deadLettersRemoved(let group, _) = record else { return record }
        return .deadLettersRemoved(group: group, positions: [])
    }
}

/// A pause is confirmed and not kept.
final class ForgottenPause: OperatedMutant {
    override var name: String { "a pause is confirmed and forgotten" }
    override var noticedBy: Set<String> { ["pause"] }
    override var operations: [Operation.Kind] { [.pause] }
    override func rewrite(_ record: Record) -> Record {
        guard case .groupPaused(let group, true) = record else { return record }
        return .groupPaused(group: group, paused: false)
    }
}

/// What an operator was told is not what the log holds.
class OperatedMutant: RecordMutant {
    var operations: [Operation.Kind] { [] }
    override func adjust(_ plan: inout RunPlan) {
        super.adjust(&plan)
        plan.operations = operations
        plan.faults += [.operate, .operate]
    }
}

/// The owner is told that a commit is durable one commit too early.
final class EarlyRelease: Mutant {
    private final class Early: WrappedLog {
        private var waiting: [LogEntry] = []
        private var commits = 0

        override var durablePosition: UInt64 { log.lastPosition }

        override func append(
            _ entries: [NewLogEntry], expecting expected: UInt64
        ) throws(LogError) -> UInt64 {
            let last = try log.append(entries, expecting: expected)
            for (index, entry) in entries.enumerated() {
                let payload = entry.payload.reduce(into: [UInt8]()) { $0 += $1 }
                waiting.append(
                    LogEntry(
                        position: last - UInt64(entries.count - 1 - index), kind: entry.kind,
                        flags: entry.flags, wallTime: entry.wallTime, payload: payload[...]))
            }
            return last
        }

        override func commit() throws(LogError) {
            commits += 1
            guard commits % 4 == 0 else { return }
            try log.commit()
            waiting = []
        }

        override func beginCommit(
            _ ended: @escaping @Sendable () -> Void
        ) throws(LogError) -> CommitProgress {
            try commit()
            return .durable
        }

        override func seal() throws(LogError) {
            try log.seal()
            waiting = []
        }

        override func read(
            from position: UInt64, maximumBytes: Int, maximumCount: Int
        ) throws(LogError) -> [LogEntry] {
            guard let first = waiting.first?.position, position >= first else {
                return try log.read(
                    from: position, maximumBytes: maximumBytes, maximumCount: maximumCount)
            }
            return Array(waiting.dropFirst(Int(position - first)).prefix(maximumCount))
        }
    }

    override var name: String { "a receipt leaves before the fsync" }
    override var noticedBy: Set<String> { ["durability"] }
    override var keepsState: Bool { false }
    override func log(_ log: SegmentedLog) -> WrappedLog { Early(log) }
}
