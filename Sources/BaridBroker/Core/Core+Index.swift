internal import BaridEngine
internal import BaridLog

/// An event that was found in the log.
struct FoundEvent: Sendable {
    var topic: TopicID
    var sequence: UInt64
    var position: UInt64
    /// When it was stored, in nanoseconds since 1970.
    var wall: Int64
    var bytes: ArraySlice<UInt8>
    var id: [UInt8] = []
    var type: [UInt8] = []
    var subject: [UInt8] = []
    var causation: [UInt8] = []

    init(
        topic: TopicID, sequence: UInt64, position: UInt64, wall: Int64, bytes: ArraySlice<UInt8>
    ) {
        self.topic = topic
        self.sequence = sequence
        self.position = position
        self.wall = wall
        self.bytes = bytes
        bytes.withUnsafeBytes { raw in
            var scan = WireScan(raw)
            while let field = try? scan.next() {
                guard let range = field.range else { continue }
                switch field.number {
                case 1: id = Array(raw[range])
                case 3: type = Array(raw[range])
                case 4: subject = Array(raw[range])
                case 12: causation = Array(raw[range])
                default: break
                }
            }
        }
    }
}

/// What to look for: an event meets a question when one of the conditions holds.
struct EventQuestion: Sendable {
    var ids: Set<[UInt8]> = []
    var subjects: Set<[UInt8]> = []
    var causations: Set<[UInt8]> = []
    var beginning: [UInt8]?
    var sequence: UInt64?

    /// What the index is asked for; none when every piece has to be looked at.
    var keys: [(EventIndex.Key, ArraySlice<UInt8>)] {
        if let beginning {
            guard beginning.count >= EventIndex.beginningBytes else { return [] }
            return [(.beginning, beginning[..<EventIndex.beginningBytes])]
        }
        return ids.map { (.id, $0[...]) } + subjects.map { (.subject, $0[...]) }
            + causations.map { (.causation, $0[...]) }
    }

    func isMet(by event: FoundEvent) -> Bool {
        ids.contains(event.id) || event.sequence == sequence
            || (!event.subject.isEmpty && subjects.contains(event.subject))
            || (!event.causation.isEmpty && causations.contains(event.causation))
            || beginning.map { !event.subject.isEmpty && event.subject.starts(with: $0) } ?? false
    }
}

// Finding events by what the engine does not know of them; Protocols/2-bus §15.
extension Core {
    /// Most bytes of log looked at before other work gets its turn.
    static let pieceOfSearch = 1 << 20

    /// Somebody who asked when the log ended here.
    struct IndexWaiter {
        var end: UInt64
        var answer: (Result<Void, any Error>) -> Void
    }

    /// Calls back once the index holds everything that is durable now.
    ///
    /// Until then it grows between other work. What comes meanwhile is not waited for, or a busy broker
    /// would never answer.
    func whenIndexed(_ answer: @escaping (Result<Void, any Error>) -> Void) {
        indexWaiters.append(IndexWaiter(end: log.durablePosition, answer: answer))
    }

    /// Brings the index on by one piece if somebody waits for it.
    func pumpIndex() {
        guard !indexWaiters.isEmpty else { return }
        do {
            _ = try extendIndex()
            let next = index?.next ?? 0
            answerIndexWaiters(.success(())) { $0.end < next }
        } catch {
            answerIndexWaiters(.failure(error))
        }
    }

    /// These do not wait for the index any more; the default are all.
    func answerIndexWaiters(
        _ result: Result<Void, any Error>, _ isServed: (IndexWaiter) -> Bool = { _ in true }
    ) {
        let served = indexWaiters.filter(isServed)
        indexWaiters.removeAll(where: isServed)
        for waiter in served { waiter.answer(result) }
    }

    /// Brings the index up to date by one piece.
    ///
    /// - Returns: Whether it is up to date.
    func extendIndex() throws -> Bool {
        var known = index ?? EventIndex()
        index = nil  // So that it is changed in place.
        known.trim(before: log.firstPosition)
        defer {
            index = known
            indexUsed = clock().monotonic
        }
        guard known.next <= log.durablePosition else { return true }
        try known.add(
            log.read(
                from: known.next, maximumBytes: Self.pieceOfSearch, maximumCount: 4_096))
        return known.next > log.durablePosition
    }

    /// The events of some records that meet a question.
    func events(
        in positions: ClosedRange<UInt64>, meeting question: EventQuestion
    ) throws -> [FoundEvent] {
        var found: [FoundEvent] = []
        var position = max(positions.lowerBound, log.firstPosition)
        while position <= positions.upperBound {
            let read = try log.read(
                from: position, maximumBytes: Self.pieceOfSearch, maximumCount: 4_096)
            guard let last = read.last else { break }
            for entry in read where entry.position <= positions.upperBound {
                guard let block = try Record.events(kind: entry.kind, payload: entry.payload) else {
                    continue
                }
                for (offset, event) in block.events.enumerated() {
                    var candidate = FoundEvent(
                        topic: block.topic, sequence: block.firstSequence + UInt64(offset),
                        position: entry.position, wall: entry.wallTime, bytes: event.bytes)
                    guard question.isMet(by: candidate) else { continue }
                    // It must not keep a whole piece of the log in memory.
                    candidate.bytes = Array(event.bytes)[...]
                    found.append(candidate)
                }
            }
            position = last.position + 1
        }
        return found
    }

    /// Gives the index up when nobody has asked for a while.
    func forgetIndex() {
        guard index != nil, clock().monotonic - indexUsed > 600_000_000_000 else { return }
        index = nil
    }
}
