internal import SimulatedDisk

/// A seeded source of decisions.
struct Chance {
    private var generator: SplitMix

    init(seed: UInt64) { generator = SplitMix(seed: seed) }

    /// A number.
    mutating func next() -> UInt64 { generator.next() }

    /// A number from 0, below a count.
    mutating func below(_ count: Int) -> Int {
        Int(generator.next() % UInt64(max(1, count)))
    }

    /// A number of a range.
    mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        low + Int64(generator.next() % UInt64(max(1, high - low + 1)))
    }

    /// True so many times of a hundred.
    mutating func percent(_ share: Int) -> Bool { below(100) < share }

    /// One of several.
    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}

/// Times as the simulation counts them: nanoseconds.
extension Int64 {
    static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
    static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }
}
