/// A set of sequences as sorted, disjoint, non-adjacent closed ranges.
public struct SequenceSet: Sendable, Equatable {
    /// The ranges, lowest first.
    public private(set) var ranges: [ClosedRange<UInt64>] = []

    /// Creates an empty set.
    public init() {}

    /// True when nothing is in it.
    public var isEmpty: Bool { ranges.isEmpty }

    /// How many sequences are in it.
    public var count: UInt64 {
        ranges.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) &+ 1 }
    }

    /// Whether `sequence` is in it.
    public func contains(_ sequence: UInt64) -> Bool {
        let index = firstIndex(endingAtOrAfter: sequence)
        return index < ranges.count && ranges[index].lowerBound <= sequence
    }

    /// The first sequence at or after `sequence` that is not in it.
    public func firstGap(from sequence: UInt64) -> UInt64 {
        let index = firstIndex(endingAtOrAfter: sequence)
        guard index < ranges.count, ranges[index].lowerBound <= sequence else { return sequence }
        return ranges[index].upperBound &+ 1
    }

    /// The first sequence at or after `sequence` that is in it.
    public func first(from sequence: UInt64) -> UInt64? {
        let index = firstIndex(endingAtOrAfter: sequence)
        return index < ranges.count ? max(ranges[index].lowerBound, sequence) : nil
    }

    /// What of `range` is in it.
    public func ranges(in range: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
        var result: [ClosedRange<UInt64>] = []
        var index = firstIndex(endingAtOrAfter: range.lowerBound)
        while index < ranges.count, ranges[index].lowerBound <= range.upperBound {
            result.append(ranges[index].clamped(to: range))
            index += 1
        }
        return result
    }

    /// What is in both.
    public func intersection(_ other: SequenceSet) -> SequenceSet {
        var result = SequenceSet()
        for range in other.ranges {
            for part in ranges(in: range) { result.insert(part) }
        }
        return result
    }

    /// Adds one sequence.
    public mutating func insert(_ sequence: UInt64) {
        insert(sequence...sequence)
    }

    /// Adds every sequence of a range.
    public mutating func insert(_ range: ClosedRange<UInt64>) {
        // Most insertions extend or follow the last range.
        guard let last = ranges.last, range.lowerBound <= last.upperBound else {
            if let last = ranges.last, last.upperBound &+ 1 == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound...range.upperBound
            } else {
                ranges.append(range)
            }
            return
        }
        let below = range.lowerBound == 0 ? 0 : range.lowerBound - 1
        let first = firstIndex(endingAtOrAfter: below)
        var lower = range.lowerBound
        var upper = range.upperBound
        var end = first
        while end < ranges.count,
            ranges[end].lowerBound <= upper || ranges[end].lowerBound - 1 == upper
        {
            lower = min(lower, ranges[end].lowerBound)
            upper = max(upper, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(lower...upper))
    }

    /// Takes out everything up to and including `sequence`.
    public mutating func remove(through sequence: UInt64) {
        guard let first = ranges.first, first.lowerBound <= sequence else { return }
        let index = firstIndex(endingAtOrAfter: sequence)
        guard index < ranges.count, ranges[index].lowerBound <= sequence else {
            ranges.removeFirst(index)
            return
        }
        if ranges[index].upperBound > sequence {
            ranges[index] = sequence + 1...ranges[index].upperBound
            ranges.removeFirst(index)
        } else {
            ranges.removeFirst(index + 1)
        }
    }

    /// Takes out every sequence of a range.
    public mutating func remove(_ range: ClosedRange<UInt64>) {
        let first = firstIndex(endingAtOrAfter: range.lowerBound)
        var end = first
        var rest: [ClosedRange<UInt64>] = []
        while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
            let cut = ranges[end]
            if cut.lowerBound < range.lowerBound {
                rest.append(cut.lowerBound...range.lowerBound - 1)
            }
            if cut.upperBound > range.upperBound {
                rest.append(range.upperBound + 1...cut.upperBound)
            }
            end += 1
        }
        guard end > first else { return }
        ranges.replaceSubrange(first..<end, with: rest)
    }

    /// Takes out everything, keeping the memory.
    public mutating func removeAll() {
        ranges.removeAll(keepingCapacity: true)
    }

    private func firstIndex(endingAtOrAfter sequence: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
