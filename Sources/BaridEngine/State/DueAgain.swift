/// What a group has done and is to do again: the sequences of its replays that are not settled
/// once more.
///
/// It is a set of its own beside what is done, so that neither the floor nor anything above it
/// moves back. Specified in Protocols/2-bus, "Doing again".
public struct DueAgain: Sendable, Equatable {
    /// What one replay asked for and is still due.
    struct Replay: Sendable, Equatable {
        let number: UInt32
        /// What is not settled again.
        var due = SequenceSet()
        /// Of that, what went out under this number.
        var delivered = SequenceSet()
    }

    /// By number, the lowest first; a sequence is in one of them at most.
    private(set) var replays: [Replay] = []

    /// Creates an empty set.
    init() {}

    /// Restores what a snapshot held.
    init(replays: [Replay]) { self.replays = replays }

    /// True when nothing is due again.
    public var isEmpty: Bool { replays.isEmpty }

    /// How many sequences are due again.
    public var count: UInt64 { replays.reduce(0) { $0 &+ $1.due.count } }

    /// How many ranges it takes to say which.
    var rangeCount: Int { replays.reduce(0) { $0 + $1.due.ranges.count } }

    /// Everything that is due again.
    public var sequences: SequenceSet {
        var result = SequenceSet()
        for replay in replays {
            for range in replay.due.ranges { result.insert(range) }
        }
        return result
    }

    /// The lowest sequence at or after `sequence` that is due again.
    public func next(from sequence: UInt64) -> UInt64? {
        replays.compactMap { $0.due.first(from: sequence) }.min()
    }

    /// The highest sequence that is due again.
    var last: UInt64? { replays.compactMap { $0.due.ranges.last?.upperBound }.max() }

    /// The number of the replay for which a sequence is due again; `nil` when it is not.
    public func number(of sequence: UInt64) -> UInt32? {
        replays.first { $0.due.contains(sequence) }?.number
    }

    /// Whether a sequence that is due again has gone out for that.
    func isDelivered(_ sequence: UInt64) -> Bool {
        replays.contains { $0.delivered.contains(sequence) }
    }

    mutating func insert(_ ranges: [ClosedRange<UInt64>], number: UInt32) {
        let index = replays.firstIndex { $0.number >= number } ?? replays.count
        if index == replays.count || replays[index].number != number {
            replays.insert(Replay(number: number), at: index)
        }
        for range in ranges { replays[index].due.insert(range) }
        if replays[index].due.isEmpty { replays.remove(at: index) }
    }

    /// Of `range`, what is due again has gone out.
    mutating func deliver(_ range: ClosedRange<UInt64>) {
        for index in replays.indices {
            for part in replays[index].due.ranges(in: range) {
                replays[index].delivered.insert(part)
            }
        }
    }

    /// What went out did not: the attempt is not to count.
    mutating func undeliver(_ sequence: UInt64) {
        for index in replays.indices {
            replays[index].delivered.remove(sequence...sequence)
        }
    }

    /// Of `range`, nothing is due again any more.
    mutating func remove(_ range: ClosedRange<UInt64>) {
        for index in replays.indices {
            replays[index].due.remove(range)
            replays[index].delivered.remove(range)
        }
        replays.removeAll { $0.due.isEmpty }
    }
}
