/// SplitMix64: the same seed gives the same numbers on every machine and in every version.
public struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Numbers that follow from a seed.
    ///
    /// - Parameter seed: Any number.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below another one, by the high half of a product; 0 when that is 0.
    ///
    /// The standard library's own choice may change from version to version, and a seed would
    /// then mean something else.
    mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// A duration between two others, in whole milliseconds.
    mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let lower = range.lowerBound.milliseconds
        let width = UInt64(clamping: range.upperBound.milliseconds - lower) + 1
        return .milliseconds(lower + Int64(clamping: below(width)))
    }
}

extension Duration {
    /// Whole milliseconds, cut.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as a number, for people.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
