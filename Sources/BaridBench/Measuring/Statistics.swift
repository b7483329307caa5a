/// The middle and the ends of some figures.
package struct Spread: Sendable, Codable {
    /// The middle one; of an even number the lower of the two.
    package var median: Double
    /// The least.
    package var least: Double
    /// The greatest.
    package var greatest: Double

    /// - Parameter values: At least one.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        median = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
        least = sorted.first ?? 0
        greatest = sorted.last ?? 0
    }
}

/// Latencies in nanoseconds, and where their percentiles are.
struct Latencies: Sendable {
    private let sorted: [UInt64]

    init(_ values: [UInt64]) { sorted = values.sorted() }

    /// Microseconds below which that part of them lies.
    func microseconds(_ part: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let index = min(sorted.count - 1, Int(Double(sorted.count) * part))
        return Double(sorted[index]) / 1_000
    }
}
