/// How many values fell below which bound: counted in plain integers, copied to be shown.
public struct Histogram: Sendable, Equatable {
    /// The upper bound of each bucket but the last, which takes everything; inclusive, growing.
    public let bounds: [Int64]
    /// Values of each bucket; one more than there are bounds.
    public private(set) var counts: [UInt64]
    /// All values together; it stays at the greatest number rather than overflow.
    public private(set) var sum: Int64 = 0

    /// An empty histogram.
    ///
    /// - Parameter bounds: The upper bounds, growing.
    public init(bounds: [Int64]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// A histogram of times in nanoseconds, from 100 µs to an hour.
    public static var times: Histogram { Histogram(bounds: timeBounds) }

    /// A histogram of sizes in bytes, from 256 B to 16 MiB.
    public static var sizes: Histogram { Histogram(bounds: sizeBounds) }

    /// How many values there are.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Counts a value.
    ///
    /// - Parameters:
    ///   - value: The value; below zero counts as zero.
    ///   - times: How often. The default is once.
    public mutating func add(_ value: Int64, times: Int = 1) {
        let value = max(0, value)
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low] &+= UInt64(clamping: times)
        let (product, tooMany) = value.multipliedReportingOverflow(by: Int64(clamping: times))
        let (total, tooMuch) = sum.addingReportingOverflow(product)
        sum = tooMany || tooMuch ? .max : total
    }

    private static let timeBounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
        5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000, 300_000_000_000,
        3_600_000_000_000,
    ]

    private static let sizeBounds: [Int64] = [
        256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20,
    ]
}
