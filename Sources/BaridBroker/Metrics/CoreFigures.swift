internal import BaridEngine

/// What the core's thread has measured since the process began: plain integers, copied to be shown.
struct CoreFigures: Sendable {
    /// From the arrival of a publisher's request to its receipts, by events.
    var receipts = Histogram.times
    /// From the write of a commit to its end; with durability fsync that is the fsync's.
    var commits = Histogram.times
    /// Bytes of records of each commit.
    var commitBytes = Histogram.sizes
    /// Syncs of commits that were only written; with interval durability only.
    var syncs = Histogram.times
    /// Records appended.
    var records: UInt64 = 0
}

/// A publisher's request whose receipts are due.
struct DueReceipts {
    /// When it arrived, by the core's clock.
    var arrived: Int64
    var events: Int
}
