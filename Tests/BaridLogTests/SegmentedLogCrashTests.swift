import SimulatedDisk
import Synchronization
import Testing

@testable import BaridLog

/// What is left of a segmented log when the power goes, the disk fails or fills up.
///
/// DESIGN 4, "Torn or damaged": "Invalid at or below a valid durable mark = damage, refused;
/// beyond = torn tail, dropped and counted."
@Suite struct SegmentedLogCrashTests {
    /// Ten durable records in commits of one and more.
    private func prepared(_ disk: FaultyDisk) throws -> SegmentedLog {
        let log = try SegmentedLog(
            folder: "log", settings: LogKind.smallSettings, files: disk)
        for index in 0..<10 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            if index % 3 == 0 { try log.commit() }
        }
        try log.commit()
        return log
    }

    private func reopened(_ disk: FaultyDisk) throws -> SegmentedLog {
        try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
    }

    private func contents(_ log: SegmentedLog) throws -> [LogEntry] {
        var all: [LogEntry] = []
        while true {
            let next = try log.read(
                from: log.firstPosition + UInt64(all.count), maximumBytes: 500, maximumCount: 20)
            guard !next.isEmpty else { return all }
            all += next
        }
    }

    /// One comparison, not one a record: there are hundreds of thousands of them.
    private func expectNumbered(
        _ entries: [LogEntry], count: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let isAsAppended =
            entries.count == count
            && entries.enumerated().allSatisfy { index, entry in
                entry.position == UInt64(index) + 1
                    && entry.wallTime == Int64(index)
                    && entry.payload.elementsEqual(Self.payloads[index])
            }
        #expect(isAsAppended, "\(entries.count) of \(count)", sourceLocation: sourceLocation)
    }

    private static let payloads = (0..<6000).map { index in
        NewLogEntry.numbered(index).payload.flatMap { $0 }
    }

    @Test func resumesAfterACleanStop() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.close()
        let again = try reopened(disk.afterPowerLoss(.nothing))
        #expect(again.recovery == LogRecovery())
        #expect(again.lastPosition == 10)
        #expect(again.durablePosition == 10)
        #expect(again.lastWallTime == 9)
        expectNumbered(try contents(again), count: 10)
        try again.append([.numbered(10)], expecting: 10)
        try again.commit()
        expectNumbered(try contents(again), count: 11)
    }

    /// Protocols/6-log §4.1: "One commit is in flight: commit N+1 is written only after N was synced".
    @Test func aCommitIsNotDurableBeforeItsSyncOnAnotherThread() throws {
        let disk = FaultyDisk()
        disk.deferWork()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        let ended = Mutex(0)
        #expect(try log.beginCommit { ended.withLock { $0 += 1 } } == .underWay)
        let writes = disk.writes
        #expect(try !log.endCommit(waiting: false))
        #expect(log.durablePosition == 10)
        expectNumbered(try contents(log), count: 10)
        expectNumbered(try contents(reopened(disk.afterPowerLoss(.nothing))), count: 10)

        try log.append([.numbered(11)], expecting: 11)
        #expect(disk.writes == writes)
        disk.workBeside()
        #expect(ended.withLock(\.self) == 1)
        #expect(log.durablePosition == 10, "the owner was not told")
        #expect(try log.endCommit(waiting: false))
        #expect(log.durablePosition == 11)
        expectNumbered(try contents(reopened(disk.afterPowerLoss(.nothing))), count: 11)

        #expect(try log.beginCommit {} == .underWay)
        try log.close()
        expectNumbered(try contents(reopened(disk.afterPowerLoss(.nothing))), count: 12)
    }

    @Test func aSyncThatFailsOnAnotherThreadEndsTheLog() throws {
        let disk = FaultyDisk()
        disk.deferWork()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        disk.failSync(.dataGone)
        #expect(try log.beginCommit {} == .underWay)
        disk.workBeside()
        #expect {
            try log.endCommit(waiting: false)
        } throws: {
            guard case .failed(let error)? = $0 as? LogError else { return false }
            return error.operation == "sync" && error.code == 5
        }
        #expect(log.durablePosition == 10)
        #expect(throws: LogError.self) { try log.append([.numbered(11)], expecting: 11) }
        #expect(throws: LogError.self) { try log.endCommit(waiting: true) }
    }

    @Test func whatTakesSeveralSyncsIsCommittedAtOnce() throws {
        let disk = FaultyDisk()
        disk.deferWork()
        let log = try prepared(disk)
        let entries = (10..<60).map { NewLogEntry.numbered($0) }
        try log.append(entries, expecting: 10)
        #expect(log.chunks.count > 1)
        #expect(try log.beginCommit {} == .durable)
        #expect(log.durablePosition == 60)
        expectNumbered(try contents(reopened(disk.afterPowerLoss(.nothing))), count: 60)
    }

    @Test func keepsEveryCommitThroughAPowerCut() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        let again = try reopened(disk.afterPowerLoss(.nothing))
        #expect(!again.recovery.wasClosed)
        #expect(again.recovery.droppedRecords == 0)
        expectNumbered(try contents(again), count: 10)
        withExtendedLifetime(log) {}
    }

    /// A commit cut off at any byte is dropped as a whole, and never more than it.
    @Test func dropsATornTailAtEveryByte() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        for index in 10..<13 { try log.append([.numbered(index)], expecting: UInt64(index)) }
        let size = log.pendingBytes
        disk.failSync(.powerLoss)
        #expect(throws: LogError.self) { try log.commit() }
        for cut in 0...size {
            let again = try reopened(disk.afterPowerLoss(.bytes(cut)))
            let kept = again.lastPosition
            #expect(kept == 10 || (kept == 13 && cut > size - 8), "cut at \(cut) of \(size)")
            if kept == 10 {
                let seen = again.recovery.droppedRecords
                #expect(seen <= 3)
                #expect(cut < CommitHeader.size + EntryHeader.size || seen >= 1)
            }
            expectNumbered(try contents(again), count: Int(kept))
            try again.append([.numbered(Int(kept))], expecting: kept)
            try again.close()
        }
    }

    @Test(arguments: 0..<60)
    func dropsATailThatCameInBlocks(seed: UInt64) throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        for index in 10..<40 { try log.append([.numbered(index)], expecting: UInt64(index)) }
        disk.failSync(.powerLoss)
        #expect(throws: LogError.self) { try log.commit() }
        let again = try reopened(disk.afterPowerLoss(.someBlocks(seed: seed)))
        #expect(again.lastPosition >= 10)
        expectNumbered(try contents(again), count: Int(again.lastPosition))
        // What was dropped never comes back, however short the commits that follow are.
        var count = Int(again.lastPosition)
        for _ in 0..<3 {
            try again.append([.numbered(count)], expecting: UInt64(count))
            try again.commit()
            count += 1
            let third = try reopened(disk: again, survival: .nothing)
            #expect(third.recovery.droppedRecords == 0, "it is dropped and counted once")
            expectNumbered(try contents(third), count: count)
        }
    }

    private func reopened(
        disk log: SegmentedLog, survival: FaultyDisk.Survival
    ) throws -> SegmentedLog {
        let disk = try #require(log.files as? FaultyDisk)
        return try reopened(disk.afterPowerLoss(survival))
    }

    /// Any bit of the file may rot: the log is refused, or a read is, or nothing is lost.
    @Test func neverLosesARecordSilently() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.close()
        let path = log.active.path
        let sealStart = log.active.end - CommitHeader.size
        var refused = 0
        // Between header and summary, and from there to the first commit, nothing is written.
        for offset in [0..<60, 500..<570, 2040..<2110, 4090..<log.active.end].joined() {
            let damaged = disk.flipping(bit: offset % 8, ofByte: offset, in: path)
            do {
                let again = try reopened(damaged)
                expectNumbered(try contents(again), count: 10)
            } catch let error as LogError {
                refused += 1
                #expect(offset < sealStart, "a damaged seal is written again")
                switch error {
                case .damaged(let damage):
                    #expect(damage.file == path)
                    #expect(damage.offset <= offset)
                    #expect(damage.positions.upperBound <= 10)
                default:
                    Issue.record("byte \(offset): \(error)")
                }
                #expect(damaged.writes == 0, "a refused log is left as it is")
            }
        }
        #expect(refused > 1000)
    }

    @Test func namesFileOffsetAndRecordsOfDamage() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.seal()
        let offset = SegmentHeader.firstCommit + CommitHeader.size
        let damaged = disk.flipping(bit: 0, ofByte: offset + 1, in: log.active.path)
        #expect(
            throws: LogError.damaged(
                LogDamage(
                    file: "log/00000000000000000001.log", offset: offset, positions: 1...1,
                    reason: "the header of record 1 is not valid"))
        ) { try reopened(damaged) }
    }

    /// Rot in complete segments is found when they are read, or when the log is opened.
    @Test func findsDamageInCompleteSegments() throws {
        let disk = FaultyDisk()
        let log = try reopened(disk)
        for index in 0..<400 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            if index % 5 == 4 { try log.commit() }
        }
        #expect(log.complete.count >= 2)
        let segment = log.complete[1]
        try log.close()
        expectNumbered(try contents(try reopened(disk)), count: 400)
        for offset in stride(from: 0, to: segment.fileBytes, by: 29)
        where offset < 600 || offset > 4000 {
            let damaged = disk.flipping(bit: offset % 8, ofByte: offset, in: segment.path)
            do {
                expectNumbered(try contents(try reopened(damaged)), count: 400)
            } catch LogError.damaged(let damage) {
                #expect(damage.file == segment.path)
                #expect(damage.positions.lowerBound >= segment.header.firstPosition)
                #expect(damage.positions.upperBound <= segment.lastPosition)
            }
        }
    }

    @Test func findsAMissingSegment() throws {
        let disk = FaultyDisk()
        let log = try reopened(disk)
        for index in 0..<400 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            try log.commit()
        }
        try #require(log.complete.count >= 2)
        let missing = log.complete[1]
        try log.close()
        try disk.remove(missing.path)
        #expect(
            throws: LogError.damaged(
                LogDamage(
                    file: missing.path, offset: 0,
                    positions: missing.header.firstPosition...missing.lastPosition,
                    reason: "the file is missing"))
        ) { try reopened(disk) }
    }

    @Test func findsThatTheLastSegmentsAreMissingByTheSnapshot() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.writeSnapshot([1, 2, 3], at: 10)
        try log.close()
        try disk.remove(log.active.path)
        #expect(throws: LogError.self) { try reopened(disk) }
    }

    /// Without the snapshot, rot in a last commit before its seal looks like a crash.
    @Test func takesASnapshotForProofThatACommitWasDurable() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        let last = log.active.end - 9
        let path = log.active.path
        let cut = try reopened(disk.flipping(bit: 0, ofByte: last, in: path))
        #expect(cut.lastPosition < 10)
        try log.writeSnapshot([1], at: 10)
        let error = #expect(throws: LogError.self) {
            try reopened(disk.flipping(bit: 0, ofByte: last, in: path))
        }
        guard case .damaged(let damage) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(damage.positions.upperBound == 10)
    }

    @Test func walksASegmentWhoseSummaryIsLost() throws {
        let disk = FaultyDisk()
        let log = try reopened(disk)
        for index in 0..<400 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            try log.commit()
        }
        #expect(log.complete.count >= 2)
        // Summaries are not synced, so a power cut takes them.
        let again = try reopened(disk.afterPowerLoss(.nothing))
        #expect(again.complete.count == log.complete.count)
        #expect(again.complete.allSatisfy { $0.hasSummary }, "the next start need not walk it")
        expectNumbered(try contents(again), count: 400)
    }

    @Test func failsForEverAfterASyncThatFailed() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        disk.failSync(.dataGone)
        let cause = FileError(operation: "sync", path: "log/spare-0", code: 5)
        #expect(throws: LogError.failed(cause)) { try log.commit() }
        let syncs = disk.syncs
        #expect(throws: LogError.failed(cause)) { try log.commit() }
        #expect(throws: LogError.failed(cause)) { try log.seal() }
        #expect(throws: LogError.failed(cause)) { try log.append([.sample(1)], expecting: 11) }
        #expect(throws: LogError.failed(cause)) { try log.trim(before: 1) }
        #expect(throws: LogError.failed(cause)) { try log.writeSnapshot([], at: 1) }
        #expect(throws: LogError.failed(cause)) { try log.close() }
        #expect(disk.syncs == syncs, "nothing is synced again")
        #expect(log.durablePosition == 10)
    }

    /// After a failed sync the page cache shows what the disk does not have.
    ///
    /// The next start reads it there; it must be on the disk before anybody builds on it.
    @Test func writesAgainWhatOnlyThePageCacheHas() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        disk.failSync(.dataGone)
        #expect(throws: LogError.self) { try log.commit() }
        let next = disk.afterProcessDeath()
        let again = try reopened(next)
        #expect(again.lastPosition == 11)
        let third = try reopened(next.afterPowerLoss(.nothing))
        expectNumbered(try contents(third), count: 11)
    }

    /// The summary of a log that was closed is erased with the next commit; if that is in the page cache
    /// only, a power cut brings the summary back when much has come after it.
    @Test func believesNoSummaryThatWasOvertaken() throws {
        let disk = FaultyDisk()
        try prepared(disk).close()
        let log = try reopened(disk)
        try log.append([.numbered(10)], expecting: 10)
        disk.failSync(.dataGone)
        #expect(throws: LogError.self) { try log.commit() }
        let next = disk.afterProcessDeath()
        let again = try reopened(next)
        var count = 11
        while again.complete.isEmpty {
            try again.append([.numbered(count)], expecting: UInt64(count))
            try again.commit()
            count += 1
        }
        let third = try reopened(next.afterPowerLoss(.nothing))
        expectNumbered(try contents(third), count: count)
    }

    /// The same holds for a seal, which alone says nothing new: what is written behind it would be
    /// cut off from what is before it.
    @Test func writesAgainASealThatOnlyThePageCacheHas() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        try log.commit()
        disk.failSync(.dataGone)
        #expect(throws: LogError.self) { try log.seal() }
        let next = disk.afterProcessDeath()
        let again = try reopened(next)
        try again.append([.numbered(11)], expecting: 11)
        try again.commit()
        expectNumbered(try contents(try reopened(next.afterPowerLoss(.nothing))), count: 12)
    }

    /// Of two writers on one folder, the older is refused, whatever it does next.
    ///
    /// Protocols/6-log §10: "if so, it is over: the older writer ends".
    @Test(arguments: [false, true])
    func refusesTheOlderOfTwoWriters(isIdle: Bool) throws {
        let disk = FaultyDisk()
        let older = try prepared(disk)
        if !isIdle { try older.seal() }
        let newer = try reopened(disk)
        if newer.lastPosition == 10, !isIdle {
            try newer.append([.numbered(10)], expecting: 10)
            try newer.commit()
        }
        // An idle one has not sealed yet; the newer one did when it opened.
        if isIdle {
            #expect(throws: LogError.self) { try older.seal() }
        } else {
            try older.append([.bytes(9, of: 9)], expecting: 10)
            #expect(throws: LogError.fenced(expected: 10, actual: 11)) { try older.commit() }
            #expect(throws: LogError.fenced(expected: 10, actual: 11)) { try older.commit() }
        }
        #expect(throws: LogError.self) { try older.append([.sample(1)], expecting: 11) }
        #expect(throws: LogError.self) { try older.trim(before: 5) }
        #expect(throws: LogError.self) { try older.close() }
        var count = Int(newer.lastPosition)
        try newer.append([.numbered(count)], expecting: UInt64(count))
        try newer.commit()
        count += 1
        expectNumbered(try contents(try reopened(disk)), count: count)
    }

    /// EIO, EACCES, EROFS (a disk remounted read-only) and a write that finds no room in its file.
    @Test(arguments: [5, 13, 30, 28] as [Int32])
    func failsForEverAfterAWriteThatFailed(code: Int32) throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.append([.numbered(10)], expecting: 10)
        disk.failWrite(code: code)
        #expect(throws: LogError.self) { try log.commit() }
        #expect(throws: LogError.self) { try log.commit() }
        #expect(log.durablePosition == 10)
        expectNumbered(try contents(try reopened(disk.afterProcessDeath())), count: 10)
    }

    @Test func refusesWhatDoesNotFitAndGoesOnWhenThereIsRoom() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        disk.limit(to: disk.usedBytes + 100)
        var next = 10
        let error = #expect(throws: LogError.self) {
            while next < 5000 {
                try log.append([.numbered(next)], expecting: UInt64(next))
                next += 1
            }
        }
        guard case .full(let cause) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause.code == 28)
        #expect(log.lastPosition == UInt64(next))
        #expect(throws: LogError.self) {
            try log.append([.numbered(next)], expecting: UInt64(next))
        }
        try log.commit()
        expectNumbered(try contents(log), count: next)
        #expect(throws: LogError.full(cause)) {
            // The larger file that a snapshot would need.
            do { try log.writeSnapshot([UInt8](repeating: 1, count: 500), at: 3) } catch {
                throw LogError.full(cause)
            }
        }
        disk.limit(to: .max)
        for _ in 0..<50 {
            try log.append([.numbered(next)], expecting: UInt64(next))
            next += 1
        }
        try log.close()
        expectNumbered(try contents(try reopened(disk)), count: next)
    }

    @Test func appendsAllOrNothingWhenFull() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        disk.limit(to: disk.usedBytes + 20 << 10)
        let many = (10..<3000).map { NewLogEntry.numbered($0) }
        #expect(throws: LogError.self) { try log.append(many, expecting: 10) }
        #expect(log.lastPosition == 10)
        #expect(log.pendingBytes == 0)
        try log.append([.numbered(10)], expecting: 10)
        try log.commit()
        expectNumbered(try contents(log), count: 11)
    }

    @Test func fallsBackToTheSnapshotBefore() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.writeSnapshot([1], at: 4)
        try log.writeSnapshot([2], at: 5)
        try log.writeSnapshot([3], at: 6)
        try log.close()
        #expect(disk.contents("log/4.snapshot") == nil)
        for offset in 0..<41 where !(12..<16).contains(offset) || offset < 32 {
            let damaged = disk.flipping(bit: 3, ofByte: offset, in: "log/6.snapshot")
            let again = try reopened(damaged)
            #expect(try again.latestSnapshot() == LogSnapshot(position: 5, bytes: [2]))
        }
    }

    @Test func leavesNoSnapshotHalfWritten() throws {
        let disk = FaultyDisk()
        let log = try prepared(disk)
        try log.writeSnapshot([1], at: 4)
        disk.failSync(.powerLoss)
        #expect(throws: LogError.self) {
            try log.writeSnapshot([UInt8](repeating: 2, count: 3000), at: 5)
        }
        for survival in [FaultyDisk.Survival.nothing, .everything, .bytes(1000)] {
            let again = try reopened(disk.afterPowerLoss(survival))
            #expect(try again.latestSnapshot() == LogSnapshot(position: 4, bytes: [1]))
        }
    }

    /// A segment's file that is written over must not bring its former life back.
    @Test func takesNothingFromAFilesFormerLife() throws {
        var settings = LogKind.smallSettings
        settings.spares = 2
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        log.shelf.waitUntilIdle()
        var next = 0
        for round in 0..<6 {
            for _ in 0..<150 {
                try log.append([.numbered(next)], expecting: UInt64(next))
                try log.commit()
                next += 1
            }
            try log.trim(before: UInt64(next) - 5)
            log.shelf.waitUntilIdle()
            let again = try SegmentedLog(
                folder: "log", settings: settings, files: disk.afterPowerLoss(.everything))
            #expect(again.lastPosition == UInt64(next), "round \(round)")
            #expect(again.recovery.droppedRecords == 0)
            let last = try again.read(from: UInt64(next), maximumBytes: 0, maximumCount: 1)
            #expect(
                last.first.map { Array($0.payload) }
                    == NewLogEntry.numbered(next - 1).payload.flatMap { $0 })
            try again.close()
        }
        #expect(log.complete.count <= 2)
        try log.close()
    }

    /// Random work with crashes of every kind: what was durable is there, in order, and nothing
    /// that was not appended.
    @Test(arguments: 0..<40)
    func survivesRandomWorkAndCrashes(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var disk = FaultyDisk()
        var log = try reopened(disk)
        var appended = 0
        for _ in 0..<120 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<9:
                let count = Int.random(in: 1...8, using: &random)
                let entries = (appended..<appended + count).map { NewLogEntry.numbered($0) }
                try log.append(entries, expecting: UInt64(appended))
                appended += count
            case 9..<14: try log.commit()
            case 14..<16: try log.seal()
            case 16: try log.writeSnapshot([UInt8(seed & 255)], at: log.durablePosition)
            default:
                let durable = log.durablePosition
                if Bool.random(using: &random) {
                    disk.failSync(after: Int.random(in: 0...2, using: &random), .powerLoss)
                    try? log.commit()
                }
                let survivals: [FaultyDisk.Survival] = [
                    .nothing, .everything, .bytes(Int.random(in: 0...3000, using: &random)),
                    .someBlocks(seed: random.next()),
                ]
                let survival = survivals[Int.random(in: 0..<4, using: &random)]
                let known = max(durable, log.durablePosition)
                disk = disk.afterPowerLoss(survival)
                log = try reopened(disk)
                #expect(log.lastPosition >= known, "seed \(seed)")
                #expect(log.lastPosition <= UInt64(appended), "seed \(seed)")
                appended = Int(log.lastPosition)
            }
        }
        try log.close()
        expectNumbered(try contents(try reopened(disk)), count: appended)
    }
}
