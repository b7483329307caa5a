/// Durations that were measured, and what people ask of them.
public struct Durations: Sendable, Hashable {
    private var values: [Duration] = []

    /// None.
    public init() {}

    /// Adds one.
    ///
    /// - Parameter value: A duration.
    public mutating func add(_ value: Duration) { values.append(value) }

    /// Adds those of another measurement.
    ///
    /// - Parameter other: More durations.
    public mutating func add(_ other: Durations) { values += other.values }

    /// How many there are.
    public var count: Int { values.count }

    /// The value that half of them do not pass; nil when there are none.
    public var median: Duration? {
        let sorted = values.sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
    }

    /// The value that so many of a hundred do not pass; nil when there are none.
    ///
    /// - Parameter percent: 1 to 100.
    /// - Returns: One of the values.
    public func percentile(_ percent: Int) -> Duration? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let rank = (sorted.count * min(max(percent, 1), 100) + 99) / 100
        return sorted[rank - 1]
    }

    /// The longest; nil when there are none.
    public var longest: Duration? { values.max() }
}
