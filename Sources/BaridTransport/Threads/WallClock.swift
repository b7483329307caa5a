internal import Glibc

/// The time people and welcomes tell, since 1970-01-01T00:00Z.
enum WallClock {
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    static func milliseconds(_ time: Duration) -> UInt64 {
        let (seconds, attoseconds) = time.components
        return UInt64(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}

/// Pauses of a thread of ours.
enum ThreadPause {
    static func second() {
        sleep(1)
    }
}
