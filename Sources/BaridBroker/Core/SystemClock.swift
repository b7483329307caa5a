internal import BaridEngine

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The machine's clocks: one that goes on while the machine sleeps, and the wall's.
struct SystemClock: Sendable {
    private let origin = ContinuousClock.now

    func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(
            monotonic: monotonic,
            wall: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The first of the two alone, in nanoseconds.
    var monotonic: Int64 { origin.duration(to: .now).nanoseconds }
}
