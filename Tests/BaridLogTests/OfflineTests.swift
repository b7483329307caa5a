import BaridEngine
import SimulatedDisk
import Testing

@testable import BaridLog

/// Checking and repairing a log that nobody has open.
///
/// Protocols/6-log §9; rows 7 to 9 of the fault table: torn tails, flipped bits in every region,
/// missing and zeroed files.
@Suite struct OfflineTests {
    private static let settings: SegmentedLogSettings = {
        var settings = LogKind.smallSettings
        settings.maximumPayloadBytes = 8 << 10
        return settings
    }()

    /// A log of real records over several segments: a topic, a group, events, settlements.
    private static func prepared(
        _ disk: FaultyDisk, events: Int = 120, snapshotAt: Int? = nil
    ) throws -> SegmentedLog {
        let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        var state = Durable()
        func append(_ record: Record) throws {
            let position = log.lastPosition + 1
            try state.apply(record, position: position, wall: Int64(position))
            try log.append(
                [
                    NewLogEntry(
                        kind: record.kind.rawValue, wallTime: Int64(position),
                        payload: record.encode())
                ], expecting: position - 1)
        }
        try append(.epoch(number: 1, key: HashKey(low: 1, high: 2)))
        try append(.topicCreated(name: "articles"))
        try append(
            .groupCreated(
                GroupDefinition(
                    topic: TopicID(0), name: "work", types: [], start: 1, maximumDeliveries: 5)))
        for number in 0..<events {
            let sequence = UInt64(number * 2 + 1)
            try append(
                .events(
                    EventBlock(
                        topic: TopicID(0), firstSequence: sequence,
                        events: (0..<2).map { part in
                            EventBlock.Element(
                                identity: EventIdentity(
                                    hash: sequence + UInt64(part), check: 1, body: 1),
                                bytes: [UInt8](repeating: UInt8(number & 255), count: 180)[...])
                        })))
            if number % 4 == 3 { try log.commit() }
            if number == snapshotAt {
                try log.commit()
                try log.writeSnapshot(state.snapshot(), at: log.durablePosition)
            }
        }
        try log.seal()
        return log
    }

    private func report(_ disk: FaultyDisk) throws -> LogReport {
        try LogVerifier(folder: "log", files: disk).verify()
    }

    @Test func findsNothingWrongWithAWholeLog() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, snapshotAt: 60)
        for stopped in [false, true] {
            if stopped { try log.close() }
            let writes = disk.writes
            let report = try report(disk)
            #expect(report.isWhole)
            #expect(report.records == 123)
            #expect(report.events == 240)
            #expect(report.lastPosition == 123)
            #expect(report.segments.count == log.complete.count + 1)
            #expect(report.segments.count > 3)
            #expect(report.snapshots == [64])
            #expect(report.tornRecords == 0)
            #expect(report.wallTimes == 1...123)
            #expect(disk.writes == writes, "verifying writes nothing")
        }
    }

    /// Whatever bit flips, either nothing is lost or the damage names file, place and records.
    @Test func namesEveryFlippedBit() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, events: 60)
        try log.close()
        let first = try #require(log.complete.first)
        let last = log.active
        var named = 0
        for (segment, end) in [(first, first.end), (last, last.end)] {
            let regions = [0..<60, 505..<570, 2045..<2105, 4090..<end].joined()
            for offset in regions where offset < 4090 || offset % 13 == 0 {
                let rotten = disk.flipping(bit: offset % 8, ofByte: offset, in: segment.path)
                let found = try report(rotten)
                #expect(found.records + Int(found.lostRecords) + found.tornRecords >= 63)
                if found.isWhole {
                    #expect(found.records == 63 || found.tornRecords > 0)
                    continue
                }
                named += 1
                let damage = try #require((found.damages + found.damagedCommits).first)
                #expect(found.damages.count + found.damagedCommits.count == 1, "byte \(offset)")
                #expect(damage.file == segment.path)
                #expect(damage.offset <= offset && offset < damage.offset + 600)
                // One flipped bit costs one record, or the commit whose header it was in.
                #expect(found.lostRecords <= 4, "byte \(offset): \(found.lostRecords)")
                #expect(damage.positions.lowerBound >= segment.header.firstPosition)
            }
        }
        #expect(named > 900)
    }

    @Test func saysWhichEventsAreLost() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk)
        try log.close()
        // The body of record 10, which holds events 13 and 14.
        let entry = try #require(offset(of: 10, in: log.complete[0], disk))
        let rotten = disk.flipping(bit: 1, ofByte: entry + 60, in: log.complete[0].path)
        let found = try report(rotten)
        #expect(
            found.damages == [
                LogDamage(
                    file: log.complete[0].path, offset: entry, positions: 10...10,
                    reason: "the record's body is not what was written")
            ])
        #expect(found.lostRecords == 1)
        #expect(
            found.lostEvents == [
                LogReport.LostEvents(topic: 0, name: "articles", sequences: 13...14)
            ])
    }

    private func offset(of position: UInt64, in segment: Segment, _ disk: FaultyDisk) -> Int? {
        let scan = SegmentScan(
            disk.contents(segment.path) ?? [], header: segment.header, path: segment.path,
            durable: segment.lastPosition)
        return scan.items.first { $0.header.position == position }?.offset
    }

    @Test func takesATornTailForNoDamage() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, events: 20)
        try log.append([.bytes(300, of: 1), .bytes(300, of: 2)], expecting: 23)
        disk.failSync(.powerLoss)
        #expect(throws: LogError.self) { try log.commit() }
        for kept in stride(from: 0, to: 720, by: 40) {
            let torn = try report(disk.afterPowerLoss(.bytes(kept)))
            #expect(torn.isWhole, "\(kept) bytes: \(torn.damages)")
            #expect(torn.lastPosition == 23)
            #expect(torn.tornRecords <= 2)
        }
    }

    @Test func namesMissingAndZeroedFiles() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, snapshotAt: 119)
        try log.close()
        let middle = log.complete[1]
        let missing = disk.afterProcessDeath()
        try missing.remove(middle.path)
        let gone = try report(missing)
        #expect(gone.damages.map(\.file) == [middle.path])
        #expect(
            gone.damages.map(\.positions) == [middle.header.firstPosition...middle.lastPosition])
        let zeroed = disk.afterProcessDeath()
        try zeroed.open(log.active.path, creating: false).write(
            [UInt8](repeating: 0, count: log.active.fileBytes), at: 0)
        let blank = try report(zeroed)
        #expect(blank.damages.map(\.file) == [log.active.path])
        #expect(blank.damages.first?.positions == log.active.header.firstPosition...123)
        let last = disk.afterProcessDeath()
        try last.remove(log.active.path)
        #expect(try report(last).damages.map(\.file) == [log.active.path])
        #expect(try report(last).lostEvents.last?.sequences.upperBound == 240)
    }

    /// Protocols/6-log §2: without a snapshot, nothing but the mark tells of the newest segment.
    @Test(arguments: [2, 120])
    func theLossOfTheNewestSegmentIsNoticed(events: Int) throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, events: events)
        try log.close()
        #expect(log.complete.isEmpty == (events == 2))
        let first = log.active.header.firstPosition
        try disk.remove(log.active.path)
        let damage = LogDamage(
            file: log.active.path, offset: 0, positions: first...first,
            reason: "the file is missing")
        #expect(throws: LogError.damaged(damage)) {
            try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        }
        #expect(try report(disk).damages == [damage])
        _ = try LogRepair(folder: "log", aside: "aside", files: disk).repair()
        #expect(try report(disk).isWhole)
        let again = try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        #expect(again.lastPosition >= first)
    }

    /// A log of before there were marks gets one when it is opened; one that is older claims less.
    @Test func aMarkIsMadeAndMayBeOlder() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk)
        try log.close()
        let mark = try #require(try disk.list("log").first { $0.hasPrefix("newest-") })
        #expect("log/\(mark.dropFirst(7)).log" == log.active.path)
        try disk.remove("log/\(mark)")
        #expect(try report(disk).isWhole)
        _ = try disk.open("log/newest-\(String(repeating: "0", count: 19))1", creating: true)
        #expect(try report(disk).isWhole)
        try SegmentedLog(folder: "log", settings: Self.settings, files: disk).close()
        #expect(try disk.list("log").filter { $0.hasPrefix("newest-") } == [mark])
    }

    /// After a repair the log opens, holds everything that could be read at its place, and groups
    /// are done with the rest.
    @Test(arguments: ["body", "header", "commit", "segment", "last", "missing", "snapshot"])
    func repairGivesUpOnlyWhatCannotBeRead(what: String) throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, snapshotAt: 100)
        try log.close()
        let middle = log.complete[1]
        let entry = try #require(offset(of: middle.header.firstPosition + 3, in: middle, disk))
        var damaged = disk
        switch what {
        case "body": damaged = disk.flipping(bit: 0, ofByte: entry + 99, in: middle.path)
        case "header": damaged = disk.flipping(bit: 0, ofByte: entry + 9, in: middle.path)
        case "commit": damaged = disk.flipping(bit: 0, ofByte: 4_100, in: middle.path)
        case "segment":
            damaged = disk.flipping(bit: 0, ofByte: 20, in: middle.path)
                .flipping(bit: 0, ofByte: 2_048 + 20, in: middle.path)
        case "last":
            damaged = disk.flipping(bit: 0, ofByte: 4_200, in: log.active.path)
        case "missing":
            damaged = disk.afterProcessDeath()
            try damaged.remove(middle.path)
        case "snapshot":
            damaged = disk.flipping(bit: 0, ofByte: 60, in: "log/104.snapshot")
        default: Issue.record("\(what)")
        }
        let before = try report(damaged)
        #expect(!before.isWhole)
        let repaired = try LogRepair(folder: "log", aside: "aside", files: damaged).repair()
        #expect(repaired.damages == before.damages)
        let after = try report(damaged)
        #expect(after.isWhole, "\(after.damages)")
        #expect(after.lostBefore == Int(before.lostRecords))
        let names = try damaged.list("aside")
        switch what {
        case "missing": #expect(names.isEmpty)
        case "snapshot": #expect(names == ["104.snapshot"])
        case "last": #expect(names.map { "log/" + $0 } == [log.active.path])
        default: #expect(names.map { "log/" + $0 } == [middle.path], "the original is kept")
        }
        // Every other record is at its place, as it was.
        let again = try SegmentedLog(folder: "log", settings: Self.settings, files: damaged)
        let whole = try SegmentedLog(folder: "log", settings: Self.settings, files: disk)
        let lost = before.damages.map(\.positions)
        for position in 1...123 as ClosedRange<UInt64> {
            let now = try #require(
                try again.read(from: position, maximumBytes: 0, maximumCount: 1).first)
            if lost.contains(where: { $0.contains(position) }) {
                #expect(now.kind == LogEntry.lost)
            } else {
                let then = try whole.read(from: position, maximumBytes: 0, maximumCount: 1).first
                #expect(now == then, "record \(position)")
            }
        }
        // And the state knows: the group counts what it will never get.
        var state = Durable()
        if let snapshot = try again.latestSnapshot() {
            state = try Durable(snapshot: snapshot.bytes[...])
        }
        try state.replay(again)
        #expect(state.topics.first?.next == 241)
        #expect(state.groups.first?.trimmed == repaired.lostEventCount)
        #expect((repaired.lostEventCount > 0) == !["snapshot", "commit"].contains(what))
    }

    @Test func repairLeavesAWholeLogAlone() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk)
        try log.close()
        let writes = disk.writes
        let report = try LogRepair(folder: "log", aside: "aside", files: disk).repair()
        #expect(report.isWhole)
        #expect(disk.writes == writes)
    }

    /// Protocols/6-log §8: "its header is written anew with this kind, then its body is blanked".
    @Test func aBlankedBodyIsNoDamage() throws {
        let disk = FaultyDisk()
        let log = try Self.prepared(disk, events: 20)
        try log.close()
        let segment = log.active
        let offset = try #require(self.offset(of: 10, in: segment, disk))
        let file = try disk.open(segment.path, creating: false)
        let bytes = try file.read(EntryHeader.size, at: offset)
        var header = try #require(
            EntryHeader.decode(bytes[...], nonce: segment.header.nonce, offset: offset))
        header.kind = LogEntry.erased
        try file.write(header.encode(nonce: segment.header.nonce, offset: offset), at: offset)
        for blanked in [false, true] {
            if blanked {
                try file.write(
                    [UInt8](repeating: 0, count: Int(header.payloadBytes)),
                    at: offset + EntryHeader.size)
            }
            let found = try report(disk)
            #expect(found.isWhole)
            #expect(found.erased == 1)
            let crashed = disk.afterProcessDeath()
            let again = try SegmentedLog(folder: "log", settings: Self.settings, files: crashed)
            let read = try again.read(from: 10, maximumBytes: 0, maximumCount: 1)
            #expect(read.first?.kind == RecordKind.erased.rawValue)
            #expect(try again.read(from: 11, maximumBytes: 0, maximumCount: 1).count == 1)
        }
        // The same bytes without the kind are damage.
        let rotten = FaultyDisk()
        let other = try Self.prepared(rotten, events: 20)
        try other.close()
        try rotten.open(other.active.path, creating: false).write(
            [UInt8](repeating: 0, count: 300), at: offset + EntryHeader.size)
        #expect(try !report(rotten).isWhole)
    }
}
