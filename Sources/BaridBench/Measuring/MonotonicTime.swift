internal import Foundation

/// Instants that mean the same in every process of this machine.
enum MonotonicTime {
    /// Nanoseconds since the machine started.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Blocks the thread until an instant.
    static func sleep(until instant: UInt64) {
        var time = timespec()
        time.tv_sec = Int(instant / 1_000_000_000)
        time.tv_nsec = Int(instant % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// Seconds since 1970.
    static var wallSeconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec
    }

    /// Seconds between two instants.
    static func seconds(_ from: UInt64, _ to: UInt64) -> Double {
        to > from ? Double(to - from) / 1e9 : 0
    }
}
