/// When an input happened, by both clocks; the engine reads no clock of its own.
public struct Instant: Sendable, Equatable {
    /// Nanoseconds of a clock that never goes back; only differences mean anything.
    public var monotonic: Int64
    /// Nanoseconds since 1970.
    ///
    /// It may jump; what is recorded of it never goes back.
    public var wall: Int64

    /// Creates an instant from two clock readings in nanoseconds.
    public init(monotonic: Int64, wall: Int64) {
        self.monotonic = monotonic
        self.wall = wall
    }
}

extension Duration {
    /// This duration in whole nanoseconds, clamped to about 146 years either way.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds.magnitude < 4_611_686_018 else { return seconds < 0 ? -(1 << 62) : 1 << 62 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
