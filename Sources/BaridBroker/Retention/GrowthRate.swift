/// How fast the log grows, from the bytes appended in the last 24 hours.
struct GrowthRate: Sendable {
    private struct Sample {
        var time: Int64
        var bytes: UInt64
    }

    /// At most one each ten minutes of a day, and the first.
    private var samples: [Sample] = []
    private static let distance: Int64 = 600_000_000_000
    private static let day: Int64 = 86_400_000_000_000
    /// Below this a rate would say nothing.
    private static let shortest: Int64 = 60_000_000_000

    /// Takes note of all bytes appended so far.
    mutating func note(_ bytes: UInt64, at monotonic: Int64) {
        guard samples.last.map({ monotonic - $0.time >= Self.distance }) ?? true else { return }
        samples.append(Sample(time: monotonic, bytes: bytes))
        // One that is just older than a day is where the day began.
        while samples.count > 2, monotonic - samples[1].time >= Self.day { samples.removeFirst() }
    }

    /// Bytes a day; `nil` while the broker has not run for a minute.
    func bytesPerDay(_ bytes: UInt64, at monotonic: Int64) -> UInt64? {
        guard let first = samples.first, monotonic - first.time >= Self.shortest else { return nil }
        let share = Double(Self.day) / Double(monotonic - first.time)
        return UInt64(Double(bytes &- first.bytes) * share)
    }
}
