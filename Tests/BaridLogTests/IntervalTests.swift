import SimulatedDisk
import Testing

@testable import BaridLog

/// A log that syncs some time after its commits.
///
/// Protocols/6-log §4: "A commit with `CMIU` says nothing of those before it."
@Suite struct IntervalTests {
    private static let settings: SegmentedLogSettings = {
        var settings = LogKind.smallSettings
        settings.syncsCommits = false
        return settings
    }()

    @Test func syncsWhenToldTo() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        let before = disk.syncs
        for index in 0..<5 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            try log.commit()
        }
        #expect(disk.syncs == before)
        #expect(log.durablePosition == 5, "it can be read, and its receipts leave")
        try log.sync()
        try log.sync()
        #expect(disk.syncs == before + 1)
        try log.append([.numbered(5)], expecting: 5)
        try log.commit()
        try log.writeSnapshot([1], at: 6)
        #expect(!log.isUnsynced, "a snapshot proves what it holds")
        try log.close()
    }

    /// Whatever of the unsynced commits reaches the disk, what was synced is there, nothing is
    /// called damage, and what remains is a beginning of what was written.
    @Test(arguments: 0..<80)
    func losesNoMoreThanWhatWasNotSynced(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var disk = FaultyDisk()
        var log = try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        var written = 0
        for _ in 0..<4 {
            var synced = Int(log.lastPosition)
            for _ in 0..<Int.random(in: 1...120, using: &random) {
                try log.append([.numbered(written)], expecting: UInt64(written))
                written += 1
                switch Int.random(in: 0..<12, using: &random) {
                case 0..<8: try log.commit()
                case 8:
                    try log.commit()
                    try log.sync()
                    synced = written
                case 9:
                    try log.seal()
                    synced = written
                default: break
                }
            }
            disk = disk.afterPowerLoss(.someBlocks(seed: random.next()))
            let report = try LogVerifier(folder: "log", files: disk).verify()
            #expect(report.isWhole, "seed \(seed): \(report.damages)")
            // The other way of syncing may follow.
            var settings = Self.settings
            settings.syncsCommits = Bool.random(using: &random)
            log = try SegmentedLog(folder: "log", settings: settings, files: disk)
            #expect(log.lastPosition >= UInt64(synced), "seed \(seed)")
            #expect(log.lastPosition <= UInt64(written))
            written = Int(log.lastPosition)
            let entries = try log.read(from: 1, maximumBytes: .max, maximumCount: .max)
            #expect(entries.count == written)
            #expect(entries.enumerated().allSatisfy { $1.wallTime == Int64($0) })
        }
    }

    /// After a sync that failed, everything since the last one may only be in the page cache.
    @Test func writesAgainEverythingThatOnlyThePageCacheHas() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        try log.append([.numbered(0)], expecting: 0)
        try log.commit()
        try log.sync()
        for index in 1..<6 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            try log.commit()
        }
        disk.failSync(.dataGone)
        #expect(throws: LogError.self) { try log.sync() }
        #expect(throws: LogError.self) { try log.append([.numbered(6)], expecting: 6) }
        let next = disk.afterProcessDeath()
        let again = try SegmentedLog(folder: "log", settings: Self.settings, files: next)
        #expect(again.lastPosition == 6)
        let third = try SegmentedLog(
            folder: "log", settings: Self.settings, files: next.afterPowerLoss(.nothing))
        #expect(third.lastPosition == 6)
    }
}
