internal import BaridEngine
internal import BaridLog
internal import BaridSchema

/// What the log tells of some events after they were stored, group by group.
struct EventHistory: Sendable {
    /// An event in a group.
    struct Key: Hashable, Sendable {
        var group: GroupID
        var sequence: UInt64
    }

    /// Something that happened to it.
    struct Step: Sendable, Equatable {
        enum What: String, Sendable {
            case delivered = "DELIVERED"
            case failed = "FAILED"
            case workerLost = "WORKER_LOST"
            case deadLettered = "DEAD_LETTERED"
            case purged = "PURGED"
            case dueAgain = "DUE_AGAIN"
            case expired = "EXPIRED"
            case settled = "SETTLED"
        }

        var what: What
        /// In nanoseconds since 1970.
        var time: Int64
        var attempt: UInt32 = 0
        var worker = ""
        var session = ""
        var fault: BusFault?
    }

    /// Bytes of log that are read at most.
    static let maximumBytes = 64 << 20

    /// How the way of an event through a group ended, if it did.
    enum End: Equatable, Sendable {
        case open
        case done
        /// By the position of its record.
        case deadLetter(UInt64)
    }

    private(set) var steps: [Key: [Step]] = [:]
    /// Ids of the events, to recognise what they gave rise to.
    private let ids: [UInt64: [UInt8]]
    private let positions: [Key: UInt64]
    private let ends: [Key: End]
    /// The events of each group, the first first.
    private let sequences: [GroupID: [UInt64]]
    /// Those whose end is still to be met.
    private var waiting: Set<Key>
    private var letters: [UInt64: Key] = [:]
    private var position: UInt64
    private var bytes = 0

    /// Begins at the first of the events.
    ///
    /// - Parameters:
    ///   - events: The events, of one topic.
    ///   - keys: Their groups, with the positions of the events, and how their way ended.
    init(_ events: [FoundEvent], _ keys: [Key: (position: UInt64, end: End)]) {
        ids = Dictionary(events.map { ($0.sequence, $0.id) }) { first, _ in first }
        positions = keys.mapValues { $0.position }
        ends = keys.mapValues { $0.end }
        sequences = Dictionary(grouping: keys.keys, by: \.group)
            .mapValues { $0.map(\.sequence).sorted() }
        waiting = Set(keys.filter { $0.value.end != .open }.keys)
        position = keys.values.map { $0.position }.min() ?? .max
    }

    /// Where to read next, or `nil` when there is nothing more to learn.
    var next: UInt64? {
        guard bytes < Self.maximumBytes, !waiting.isEmpty else { return nil }
        // Nothing happens to an event before it is stored.
        let start = waiting.compactMap { positions[$0] }.min() ?? .max
        return max(position, start)
    }

    /// Takes what was read there; none ends the reading.
    mutating func take(_ entries: [LogEntry]) throws {
        guard let last = entries.last else {
            waiting = []
            return
        }
        for entry in entries {
            bytes += entry.payload.count
            guard let kind = RecordKind(rawValue: entry.kind), kind != .events else { continue }
            try take(Record(kind: entry.kind, payload: entry.payload), entry)
        }
        position = last.position + 1
    }

    private mutating func take(_ record: Record, _ entry: LogEntry) throws {
        let wall = entry.wallTime
        switch record {
        case .delivered(let group, let ranges):
            add(group, ranges, Step(what: .delivered, time: wall, attempt: 1))
        case .attempts(let group, let marks):
            for mark in marks {
                add(
                    group, [mark.sequence...mark.sequence],
                    Step(what: .delivered, time: wall, attempt: mark.attempt))
            }
        case .failed(let group, let sequence, let failure, _):
            add(group, [sequence...sequence], Step(failure))
        case .workerLost(let group, let loss):
            for mark in loss.held {
                add(
                    group, [mark.sequence...mark.sequence],
                    Step(
                        what: .workerLost, time: wall, attempt: mark.attempt, worker: loss.worker,
                        session: loss.session))
            }
        case .deadLetter(let letter):
            let key = Key(group: letter.group, sequence: letter.sequence)
            guard positions[key] != nil else { return }
            letters[entry.position] = key
            let known = steps[key, default: []].filter { $0.what == .failed }.map(\.time)
            for failure in letter.attempts where !known.contains(failure.ended) {
                steps[key, default: []].append(Step(failure))
            }
            steps[key, default: []].append(
                Step(what: .deadLettered, time: wall, fault: letter.fault))
            if ends[key] == .deadLetter(entry.position) { waiting.remove(key) }
        case .expired(let group, let ranges):
            for key in found(group, ranges) { end(key, Step(what: .expired, time: wall)) }
        case .settled(let group, _, let ranges, let outputs):
            for key in found(group, ranges) {
                let worker = outputs.map { source(of: $0, causedBy: key.sequence) } ?? ""
                end(key, Step(what: .settled, time: wall, worker: worker))
            }
        case .replay(let group, let number, let ranges):
            add(group, ranges, Step(what: .dueAgain, time: wall, attempt: number))
        case .deadLettersRemoved(_, let positions):
            for position in positions {
                guard let key = letters[position] else { continue }
                steps[key, default: []].append(Step(what: .purged, time: wall))
            }
        case .epoch, .topicCreated, .events, .groupCreated, .identitiesRotated, .workerExit,
            .groupPaused, .groupReset, .groupDeleted, .suspect, .trim:
            break
        }
    }

    private func found(_ group: GroupID, _ ranges: [ClosedRange<UInt64>]) -> [Key] {
        guard let own = sequences[group] else { return [] }
        return ranges.flatMap { range in
            own[own.partition(from: range.lowerBound)...].prefix { $0 <= range.upperBound }
                .map { Key(group: group, sequence: $0) }
        }
    }

    private mutating func add(_ group: GroupID, _ ranges: [ClosedRange<UInt64>], _ step: Step) {
        for key in found(group, ranges) { steps[key, default: []].append(step) }
    }

    private mutating func end(_ key: Key, _ step: Step) {
        steps[key, default: []].append(step)
        if ends[key] == .done { waiting.remove(key) }
    }

    /// Who emitted something because of the event.
    private func source(of outputs: EventBlock, causedBy sequence: UInt64) -> String {
        guard let id = ids[sequence] else { return "" }
        for output in outputs.events {
            let found = FoundEvent(
                topic: outputs.topic, sequence: 0, position: 0, wall: 0, bytes: output.bytes)
            guard found.causation == id, let scan = try? RoutingScan(found.bytes) else { continue }
            return String(decoding: Array(found.bytes)[scan.source], as: UTF8.self)
        }
        return ""
    }
}

extension EventHistory.Step {
    /// A failed attempt.
    init(_ failure: FailedAttempt) {
        self.init(
            what: .failed, time: failure.ended, attempt: failure.attempt, worker: failure.worker,
            session: failure.session, fault: failure.fault)
    }
}

extension [UInt64] {
    /// Index of the first element that is not below a value; the array is sorted.
    fileprivate func partition(from value: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
