import Foundation
import SimulatedDisk
import Testing

@testable import BaridLog

/// How segments are prepared, filled, reused and found again.
@Suite struct SegmentedLogTests {
    @Test func preparesASpareInTheBackgroundAndUsesIt() throws {
        try withTemporaryFolder { folder in
            var settings = LogKind.smallSettings
            settings.smallSegmentBytes = 16 << 10
            settings.segmentBytes = 64 << 10
            settings.spares = 1
            let log = try SegmentedLog(folder: folder, settings: settings)
            // Each is twice as large as its segment, and the room of a whole one is there as well.
            for (bytes, reserve) in [(32 << 10, 64 << 10), (64 << 10, 0), (64 << 10, 0)] {
                log.shelf.waitUntilIdle()
                #expect(log.shelf.readyBytes == bytes + reserve)
                let segments = log.complete.count
                while log.complete.count == segments {
                    try log.append([.bytes(1000, of: 1)], expecting: log.lastPosition)
                    try log.commit()
                }
                #expect(log.active.capacity == bytes)
            }
            log.shelf.waitUntilIdle()
            let last = log.lastPosition
            try log.close()
            let again = try SegmentedLog(folder: folder, settings: settings)
            #expect(again.shelf.readyBytes == 64 << 10, "the spare is taken over")
            #expect(again.lastPosition == last)
        }
    }

    /// A spare is filled as its segment fills up, not all at once: others want the disk too.
    @Test func fillsASpareByAndBy() throws {
        try withTemporaryFolder { folder in
            var settings = SegmentedLogSettings()
            settings.smallSegmentBytes = 8 << 20
            settings.segmentBytes = 16 << 20
            let log = try SegmentedLog(folder: folder, settings: settings)
            func spares() throws -> [String] {
                log.shelf.waitUntilIdle()
                return try FileManager.default.contentsOfDirectory(atPath: folder)
                    .filter { $0.hasPrefix("spare-") }
            }
            for megabytes in 0..<5 {
                #expect(try spares() == ["spare-1.tmp"], "\(megabytes)")
                try log.append([.bytes(1 << 20, of: 1)], expecting: log.lastPosition)
                try log.commit()
            }
            #expect(try spares() == ["spare-1"], "when three quarters of its segment are near")
            try log.append([.bytes(3 << 20, of: 1)], expecting: log.lastPosition)
            try log.commit()
            #expect(log.active.capacity == 16 << 20)
            #expect(try spares() == ["spare-2.tmp"])
            try log.close()
            #expect(try spares() == [], "what is unfinished is of no use to the next start")
        }
    }

    /// A broker's first start waits for no more zeros than its first events need.
    @Test func beginsALogWithoutFillingAWholeSegment() throws {
        let disk = FaultyDisk()
        var settings = SegmentedLogSettings()
        settings.smallSegmentBytes = 1 << 20
        settings.spares = 0
        let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        let reserved = 1 << 20
        #expect((512 << 10...513 << 10).contains(disk.bytesWritten - reserved))
        // What is not filled takes events as well.
        try log.append([.bytes(900 << 10, of: 1)], expecting: 0)
        try log.commit()
        #expect(log.active.capacity == 1 << 20 && log.complete.isEmpty)
        #expect(try log.read(from: 1, maximumBytes: 1 << 20, maximumCount: 1).count == 1)
    }

    /// The room of what is not filled yet counts as ready, so it is to be had when there is no other.
    @Test func takesSparesThatAreNotFilled() throws {
        try withTemporaryFolder { folder in
            var settings = SegmentedLogSettings()
            settings.smallSegmentBytes = 4 << 20
            settings.segmentBytes = 16 << 20
            let log = try SegmentedLog(folder: folder, settings: settings)
            log.shelf.waitUntilIdle()
            #expect(log.space.ready > (4 + 8 + 16 - 1) << 20)
            // More at once than is filled by the way: what is being filled, then the reserve.
            let bytes = [3, 6, 15]
            try log.append(bytes.map { .bytes($0 << 20, of: 1) }, expecting: 0)
            #expect(log.planned.map(\.spare.bytes) == [8 << 20, 16 << 20])
            #expect(log.shelf.readyBytes == 0)
            try log.commit()
            #expect(log.active.capacity == 16 << 20)
            try log.close()
            let again = try SegmentedLog(folder: folder, settings: settings)
            #expect(again.lastPosition == 3)
            try again.close()
        }
    }

    /// Records larger than a piece, with small ones between them, as publishes and acks leave them.
    @Test func readsEachByteOnce() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        var written = 0
        for number in 0..<40 {
            let entry = NewLogEntry.bytes(number.isMultiple(of: 2) ? 7_000 : 100, of: UInt8(number))
            try log.append([entry], expecting: log.lastPosition)
            try log.commit()
            written += entry.payloadBytes
        }
        let before = disk.bytesRead
        for number in 0..<40 {
            let entries = try log.read(
                from: UInt64(number + 1), maximumBytes: 1, maximumCount: 1)
            #expect(entries.map(\.payload.count) == [number.isMultiple(of: 2) ? 7_000 : 100])
            #expect(entries.allSatisfy { $0.payload.allSatisfy { $0 == UInt8(number) } })
        }
        #expect(disk.bytesRead - before < written * 6 / 5)
    }

    @Test func makesASegmentLargeEnoughForALargeRecord() throws {
        let log = try SegmentedLog(
            folder: "log", settings: LogKind.smallSettings, files: FaultyDisk())
        try log.append([.bytes(60 << 10, of: 1), .sample(2)], expecting: 0)
        try log.commit()
        let entries = try log.read(from: 1, maximumBytes: .max, maximumCount: 2)
        #expect(entries.map(\.payload.count) == [60 << 10, 2])
        #expect(log.active.capacity > 60 << 10)
    }

    @Test func writesALargeCommitInPieces() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        let before = disk.syncs
        try log.append((0..<8).map { .numbered($0) }, expecting: 0)
        try log.commit()
        #expect(disk.syncs == before + 1)
        try log.append((0..<12).map { _ in .bytes(500, of: 1) }, expecting: 8)
        try log.commit()
        // 12 frames of 544 bytes, three to a commit of at most 2 KiB.
        #expect(disk.syncs == before + 1 + 4)
    }

    /// A page that is written in part would be read from the disk first.
    @Test func commitsWriteWholePagesWithTheNextHeader() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        for index in 0..<200 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            try log.commit()
            let write = disk.lastWrite
            #expect(write.upperBound >= log.active.end)
            guard write.upperBound < log.active.fileBytes else { continue }
            #expect(write.upperBound % 4_096 == 0)
            #expect(write.upperBound >= log.active.end + CommitHeader.size)
        }
        #expect(log.complete.count > 1)
        let entries = try log.read(from: 1, maximumBytes: .max, maximumCount: 200)
        #expect(entries.count == 200)
    }

    /// Zeros go past the system's cache where that can be, and arrive whatever the alignment.
    @Test(arguments: [0..<8_192, 0..<5_000, 4_096..<(3 << 20), 100..<8_292])
    func fillsWithZeros(range: Range<Int>) throws {
        try withTemporaryFolder { folder in
            let file = try PosixFileSystem().open("\(folder)/file", creating: true)
            let bytes = [UInt8](repeating: 0xAA, count: 4 << 20)
            try file.write(bytes, at: 0)
            try file.writeZeros(range)
            let read = try file.read(bytes.count, at: 0)
            #expect(read[range].allSatisfy { $0 == 0 })
            #expect(read[..<range.lowerBound].allSatisfy { $0 == 0xAA })
            #expect(read[range.upperBound...].allSatisfy { $0 == 0xAA })
            #expect(read.count == bytes.count)
        }
    }

    @Test func keepsMemoryBoundedOverALongRead() throws {
        let disk = FaultyDisk()
        var settings = LogKind.smallSettings
        settings.cacheBytes = 8 << 10
        let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        for index in 0..<2000 {
            try log.append([.numbered(index)], expecting: UInt64(index))
            if index % 20 == 0 { try log.commit() }
        }
        try log.commit()
        try log.close()
        let again = try SegmentedLog(folder: "log", settings: settings, files: disk)
        var position: UInt64 = 1
        while position <= 2000 {
            let next = try again.read(from: position, maximumBytes: 1000, maximumCount: 100)
            position += UInt64(try #require(next.isEmpty ? nil : next.count))
        }
        #expect(again.lately.count <= 8)
        #expect(again.complete.count > 8)
        #expect(again.complete.count { $0.file != nil } <= 8)
        #expect(again.complete.count { $0.index != nil } <= 8)
    }

    @Test func letsAFullSegmentTakeItsSeal() throws {
        // Wherever the last record ends, the seal after its commit has room.
        for payload in stride(from: 1, through: 81, by: 8) {
            let disk = FaultyDisk()
            let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
            for index in 0..<200 {
                try log.append([.bytes(payload, of: 1)], expecting: UInt64(index))
                try log.seal()
                #expect(log.active.end <= log.active.capacity)
            }
            try log.close()
            let again = try SegmentedLog(
                folder: "log", settings: LogKind.smallSettings, files: disk)
            #expect(again.lastPosition == 200)
            #expect(again.recovery.wasClosed)
        }
    }

    /// A start does not walk the log.
    ///
    /// Protocols/6-log §6: "After a clean stop, opening reads headers and summaries only."
    @Test func readsLittleAfterACleanStopAndOneSegmentAfterACrash() throws {
        var settings = LogKind.smallSettings
        settings.smallSegmentBytes = 256 << 10
        settings.segmentBytes = 256 << 10
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        for index in 0..<1500 {
            try log.append([.bytes(400, of: 7)], expecting: UInt64(index))
            if index % 10 == 9 { try log.commit() }
        }
        #expect(log.complete.count == 2)
        let crashed = disk.afterProcessDeath()
        let again = try SegmentedLog(folder: "log", settings: settings, files: crashed)
        #expect(again.lastPosition == 1500)
        #expect(crashed.bytesRead < 3 * 256 << 10, "the last segment, and what lies beyond its end")
        try log.close()
        let stopped = disk.afterProcessDeath()
        let third = try SegmentedLog(folder: "log", settings: settings, files: stopped)
        #expect(third.recovery == LogRecovery())
        #expect(third.lastPosition == 1500)
        #expect(stopped.bytesRead < 16 << 10)
        let read = try third.read(from: 1400, maximumBytes: 0, maximumCount: 1)
        #expect(read.first?.position == 1400)
    }

    /// The summary that a clean stop leaves must not hide what was appended after it.
    @Test func believesTheSummaryOfAStopOnlyUntilTheNextCommit() throws {
        let disk = FaultyDisk()
        let settings = LogKind.smallSettings
        let first = try SegmentedLog(folder: "log", settings: settings, files: disk)
        try first.append([.sample(1)], expecting: 0)
        try first.close()
        let end = first.active.end
        let second = try SegmentedLog(folder: "log", settings: settings, files: disk)
        for index in 1..<4 {
            try second.append([.sample(2)], expecting: UInt64(index))
            try second.commit()
        }
        let path = second.active.path
        // The commit that took the summary out is the one that rots.
        let rotten = disk.afterPowerLoss(.nothing).flipping(bit: 0, ofByte: end, in: path)
        #expect(throws: LogError.self) {
            try SegmentedLog(folder: "log", settings: settings, files: rotten)
        }
        // Whatever of that commit and the summary reaches the disk, the log opens.
        let third = try SegmentedLog(
            folder: "log", settings: settings, files: disk.afterPowerLoss(.nothing))
        try third.close()
        let torn = try #require(third.files as? FaultyDisk)
        let fourth = try SegmentedLog(folder: "log", settings: settings, files: torn)
        try fourth.append([.bytes(900, of: 9)], expecting: 4)
        torn.failSync(.powerLoss)
        #expect(throws: LogError.self) { try fourth.commit() }
        for seed in 0..<20 as Range<UInt64> {
            let left = torn.afterPowerLoss(.someBlocks(seed: seed))
            let fifth = try SegmentedLog(folder: "log", settings: settings, files: left)
            #expect((4...5).contains(fifth.lastPosition))
            try fifth.append([.sample(3)], expecting: fifth.lastPosition)
            try fifth.commit()
            let kept = fifth.lastPosition
            let sixth = try SegmentedLog(
                folder: "log", settings: settings, files: left.afterPowerLoss(.nothing))
            #expect(sixth.lastPosition == kept)
        }
    }

    @Test func writesASnapshotBesideTheCommits() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        try log.append([.sample(1), .sample(2)], expecting: 0)
        try log.commit()
        #expect(try log.takeSnapshotOutcome() == nil)
        guard case .underWay = try log.beginSnapshot(at: 2, { [1, 2, 3] }) else {
            Issue.record("it was written at once")
            return
        }
        log.snapshotWriter.waitUntilIdle()
        #expect(try log.takeSnapshotOutcome() == 2)
        #expect(try log.takeSnapshotOutcome() == nil, "it is told once")
        #expect(try log.latestSnapshot() == LogSnapshot(position: 2, bytes: [1, 2, 3]))
        disk.limit(to: disk.usedBytes)
        _ = try log.beginSnapshot(at: 1) { [UInt8](repeating: 1, count: 9000) }
        log.snapshotWriter.waitUntilIdle()
        let error = #expect(throws: LogError.self) { try log.takeSnapshotOutcome() }
        guard case .full = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(log.snapshotPositions == [2])
        #expect(throws: LogError.notDurable(position: 3, durable: 2)) {
            try log.beginSnapshot(at: 3) { [] }
        }
        try log.close()
    }

    @Test func reportsEverySettingThatMakesNoSense() {
        var settings = SegmentedLogSettings()
        #expect(throws: Never.self) { try settings.validate() }
        settings.segmentBytes = 1
        settings.spares = -1
        #expect(
            throws: LogError.setting(
                "segmentBytes is 1, and must be between 8192 and 2147483647; "
                    + "spares is -1, and must be between 0 and 16")
        ) { try settings.validate() }
    }

    @Test func refusesASegmentOfANewerVersion() throws {
        let disk = FaultyDisk()
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        try log.close()
        let path = log.active.path
        let rotten = disk.flipping(bit: 1, ofByte: 8, in: path)
        #expect(throws: Never.self, "the copy says that it is a rotten bit") {
            try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: rotten)
        }
        let newer = rotten.flipping(bit: 1, ofByte: SegmentHeader.copyOffset + 8, in: path)
        #expect(throws: LogError.format(folder: "log", found: "3", supported: 1)) {
            try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: newer)
        }
    }

    @Test func removesFilesThatWereNotFinished() throws {
        let disk = FaultyDisk()
        for name in ["spare-3.tmp", "snapshot.tmp", "spare-4"] {
            let file = try disk.open("log/" + name, creating: true)
            try file.write([1, 2, 3], at: 0)
        }
        let log = try SegmentedLog(folder: "log", settings: LogKind.smallSettings, files: disk)
        #expect(
            try disk.list("log").sorted() == [
                "00000000000000000001.log", "newest-00000000000000000001",
            ])
        try log.close()
    }
}
