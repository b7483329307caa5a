/// What is durable of a group: how far it is, and what has been tried.
public struct DurableGroup: Sendable, Equatable {
    /// What is known of an event that was tried and is not done.
    public struct Attempts: Sendable, Equatable {
        /// The highest attempt that may have gone out.
        public internal(set) var started: UInt32 = 1
        /// Attempts that failed, the first first.
        public internal(set) var failures: [FailedAttempt] = []
        /// When the next attempt may start, in nanoseconds since 1970.
        public internal(set) var notBefore: Int64 = 0
        /// How many workers were lost that held it alone.
        public internal(set) var soloDeaths: UInt32 = 0
        /// It goes out alone, to a worker that holds nothing else of the group.
        public internal(set) var isSuspect = false
    }

    /// Where a dead letter is in the log.
    public struct DeadLetterMark: Sendable, Equatable {
        /// The event.
        public var sequence: UInt64
        /// Log position of the record that holds the event.
        public var eventPosition: UInt64
        /// Log position of the record that holds the dead letter.
        public var position: UInt64
        /// Number of the replay in which it failed, 0 if it was none; a retry goes on under it.
        public var replay: UInt32 = 0
    }

    /// What the group is.
    public let definition: GroupDefinition
    /// Every sequence up to this one is done or of no interest.
    public internal(set) var floor: UInt64
    /// What is done above the floor.
    public internal(set) var settled = SequenceSet()
    /// What went out for the first time, above the floor.
    public internal(set) var delivered = SequenceSet()
    /// What is done and to be done again.
    public internal(set) var again = DueAgain()
    /// What was tried and is not done, by sequence.
    public internal(set) var attempts: [UInt64: Attempts] = [:]
    /// Dead letters, oldest first.
    public internal(set) var deadLetters: [DeadLetterMark] = []
    /// Of events that are due again after they were dead letters: the position of the record of
    /// the last one, so that what was tried before is not forgotten.
    public internal(set) var earlier: [UInt64: UInt64] = [:]
    /// How many events were acked.
    public internal(set) var acked: UInt64 = 0
    /// How many later attempts went out.
    public internal(set) var redelivered: UInt64 = 0
    /// How many events expired before they were done.
    public internal(set) var expired: UInt64 = 0
    /// Nothing is delivered.
    public internal(set) var isPaused = false
    /// The group is no more: nothing is left of it but its number and its definition.
    public internal(set) var isDeleted = false
    /// How many events retention or damage took before the group was done with them.
    public internal(set) var trimmed: UInt64 = 0

    init(definition: GroupDefinition) {
        self.definition = definition
        floor = definition.start - 1
    }

    /// Every sequence up to this one is done, and not to be done again.
    public var doneThrough: UInt64 {
        guard let next = again.next(from: 0) else { return floor }
        return min(floor, next - 1)
    }

    /// Of `wanted`, what is done, or given up as a dead letter, and can so be made due again.
    public func done(of wanted: SequenceSet) -> SequenceSet {
        var result = wanted.intersection(settled)
        if floor > 0 {
            for range in wanted.ranges(in: 1...floor) { result.insert(range) }
        }
        for range in again.sequences.ranges { result.remove(range) }
        return result
    }

    /// The attempt number under which a sequence goes out next.
    func nextAttempt(of sequence: UInt64) -> UInt32 {
        let first: UInt32 = wasDelivered(sequence) ? 2 : 1
        guard let tried = attempts[sequence] else { return first }
        return max(first, tried.started &+ 1)
    }

    private func wasDelivered(_ sequence: UInt64) -> Bool {
        if !again.isEmpty, again.number(of: sequence) != nil { return again.isDelivered(sequence) }
        return delivered.contains(sequence)
    }

    /// A worker was lost with these deliveries.
    mutating func lose(_ held: [AttemptMark]) {
        guard held.count > 1 else {
            for mark in held { attempts[mark.sequence, default: .init()].soloDeaths += 1 }
            return
        }
        for mark in held {
            attempts[mark.sequence, default: .init()].started = max(mark.attempt, 1) - 1
            delivered.remove(mark.sequence...mark.sequence)
            if !again.isEmpty { again.undeliver(mark.sequence) }
        }
    }

    /// Suspects an event of killing workers.
    mutating func suspect(_ sequence: UInt64) {
        let started = nextAttempt(of: sequence) - 1
        attempts[sequence, default: .init(started: started)].isSuspect = true
    }

    /// Sequences went out for the first time, or for the first time again.
    mutating func deliver(_ ranges: [ClosedRange<UInt64>]) {
        for range in ranges {
            if range.upperBound > floor {
                delivered.insert(max(range.lowerBound, floor + 1)...range.upperBound)
            }
            if !again.isEmpty { again.deliver(range) }
        }
    }

    /// Makes what is done due again, under the number of a replay; dead letters among it are none
    /// any more.
    mutating func replay(_ ranges: [ClosedRange<UInt64>], number: UInt32) {
        var due = SequenceSet()
        for range in ranges {
            forget(range)
            due.insert(range)
        }
        deadLetters.removeAll { letter in
            guard due.contains(letter.sequence) else { return false }
            earlier[letter.sequence] = letter.position
            return true
        }
        again.insert(ranges, number: number)
    }

    /// Begins anew at a sequence.
    mutating func reset(to start: UInt64) {
        floor = start - 1
        settled = SequenceSet()
        delivered = SequenceSet()
        attempts = [:]
        again = DueAgain()
        earlier = [:]
        deadLetters.removeAll { $0.sequence >= start }
    }

    /// Whether all of a range is done, so that it can be made due again.
    func isDone(_ range: ClosedRange<UInt64>) -> Bool {
        range.upperBound <= floor
            || settled.firstGap(from: max(range.lowerBound, floor + 1)) > range.upperBound
    }

    /// The dead letter whose record is at this position.
    public func deadLetter(at position: UInt64) -> DeadLetterMark? {
        let index = firstDeadLetter(after: position - min(position, 1))
        guard index < deadLetters.count, deadLetters[index].position == position else {
            return nil
        }
        return deadLetters[index]
    }

    /// Index of the first dead letter set aside after this position; they are sorted by it.
    public func firstDeadLetter(after position: UInt64) -> Int {
        var low = 0
        var high = deadLetters.count
        while low < high {
            let middle = (low + high) / 2
            if deadLetters[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func removeDeadLetters(at positions: [UInt64]) {
        let gone = Set(positions)
        deadLetters.removeAll { gone.contains($0.position) }
    }

    mutating func settle(_ ranges: [ClosedRange<UInt64>]) {
        if !again.isEmpty {
            for range in ranges {
                again.remove(range)
                if range.lowerBound <= floor { forget(range) }
            }
        }
        for range in ranges where range.upperBound > floor {
            settled.insert(max(range.lowerBound, floor + 1)...range.upperBound)
            forget(range)
        }
        guard let first = settled.ranges.first, first.lowerBound <= floor + 1 else { return }
        floor = first.upperBound
        settled.remove(through: floor)
        delivered.remove(through: floor)
    }

    private mutating func forget(_ range: ClosedRange<UInt64>) {
        if !earlier.isEmpty { earlier = earlier.filter { !range.contains($0.key) } }
        guard !attempts.isEmpty else { return }
        if range.upperBound - range.lowerBound < UInt64(attempts.count) {
            for sequence in range { attempts[sequence] = nil }
        } else {
            attempts = attempts.filter { !range.contains($0.key) }
        }
    }
}
