import Foundation
import SimulatedDisk
import Testing

@testable import BaridLog

/// Every call to the disk fails once: the first, the second, and so on until none does.
///
/// DESIGN 4: "After a failed fsync: stop accepting and say so, never retry it. Damage inside
/// acknowledged data is reported with file and offset, never cut off."
@Suite struct FailingCallTests {
    /// How the calls fail, and what is to hold after it.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: Int32
        var forEver = false
        var losesData = false
        /// Every so many calls are tried.
        var step = 1
    }

    static let faults = [
        Fault(testDescription: "EIO", code: 5),
        Fault(testDescription: "EIO from then on", code: 5, forEver: true, step: 3),
        Fault(
            testDescription: "EIO of a sync that drops the data", code: 5, losesData: true, step: 3),
        Fault(testDescription: "ENOSPC", code: 28),
        Fault(testDescription: "ENOSPC from then on", code: 28, forEver: true, step: 3),
        Fault(testDescription: "EINTR after half a write", code: 4),
    ]

    /// What the workload was told.
    private struct Told {
        /// The last position that was acknowledged.
        var acknowledged: UInt64 = 0
        /// The first position that has to be kept.
        var trimmed: UInt64 = 1
        /// Positions of snapshots that were tried, and the last one that was acknowledged.
        var snapshots: Set<UInt64> = []
        var snapshot: UInt64 = 0
        /// A copy of the log's files, and the last position in it.
        var backup: (disk: FaultyDisk, position: UInt64)?
        /// The error the workload ended with.
        var error: LogError?
    }

    private static var settings: SegmentedLogSettings {
        var settings = LogKind.smallSettings
        settings.segmentBytes = 8 << 10
        settings.smallSegmentBytes = 8 << 10
        settings.spares = 1
        return settings
    }

    private static let records = 48

    private static let payloads = (0..<64).map { number in
        [UInt8](repeating: UInt8(number), count: 300 + number)
    }

    private static func entry(_ position: UInt64) -> NewLogEntry {
        NewLogEntry(
            kind: 1, wallTime: Int64(position), payload: [payloads[Int(position) % 64][...]])
    }

    private static func isEntry(_ found: LogEntry, at position: UInt64) -> Bool {
        let expected = payloads[Int(position) % 64]
        guard found.position == position, found.payload.count == expected.count else {
            return false
        }
        return Data(found.payload) == Data(expected)
    }

    private static func snapshot(_ position: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: position), count: 600)
    }

    // MARK: The workload

    /// Opens, appends over several segments, takes snapshots, copies, trims, reads, closes; twice.
    private static func work(_ files: any LogFileSystem, _ told: inout Told) {
        do throws(LogError) {
            for half in 1...2 {
                let log = try SegmentedLog(folder: "log", settings: settings, files: files)
                try append(to: UInt64(half * records / 2), log, &told)
                try log.close()
            }
        } catch {
            told.error = error
        }
    }

    private static func append(
        to end: UInt64, _ log: SegmentedLog, _ told: inout Told
    ) throws(LogError) {
        while log.lastPosition < end {
            let next = log.lastPosition + 1
            let entries = (next...min(end, next + next % 3)).map { entry($0) }
            // A log that is full goes on to be used; here nobody makes room, so it is tried twice.
            try onceMore { () throws(LogError) in
                try log.append(entries, expecting: log.lastPosition)
            }
            try log.commit()
            told.acknowledged = log.durablePosition
            log.shelf.waitUntilIdle()
            switch next {
            case 5...7, 9...11, 30...32: try takeSnapshot(log, &told)
            case 12...14, 36...38: try copy(log, &told)
            case 20...22, 42...44:
                told.trimmed = max(told.trimmed, log.durablePosition - 4)
                try log.trim(before: told.trimmed)
            case 15...17: try log.seal()
            case 39...41: _ = try read(log)
            default: break
            }
        }
    }

    private static func onceMore(_ body: () throws(LogError) -> Void) throws(LogError) {
        do throws(LogError) {
            try body()
        } catch .full {
            try body()
        }
    }

    private static func takeSnapshot(
        _ log: SegmentedLog, _ told: inout Told
    ) throws(LogError) {
        let position = log.durablePosition
        told.snapshots.insert(position)
        do throws(LogError) {
            try log.writeSnapshot(snapshot(position), at: position)
            told.snapshot = position
        } catch .full {
            // It is done without.
        }
    }

    /// What `barid backup` does: the cut's files, read while the log is used.
    private static func copy(_ log: SegmentedLog, _ told: inout Told) throws(LogError) {
        let position = log.durablePosition
        let cut = try log.holdFiles { snapshot(position) }
        defer { log.releaseFiles() }
        let disk = FaultyDisk()
        do {
            for file in cut.files {
                let bytes = try file.read(file.bytes, at: 0)
                guard bytes.count == file.bytes else { return }
                let copy = try disk.open("log/\(file.name)", creating: true)
                try copy.write(bytes, at: 0)
                try copy.sync()
            }
            try disk.syncFolder("log")
        } catch {
            return  // Who copies is told; the log goes on.
        }
        told.backup = (disk, cut.position)
    }

    private static func read(_ log: SegmentedLog) throws(LogError) -> [LogEntry] {
        var all: [LogEntry] = []
        while true {
            let next = try log.read(
                from: log.firstPosition + UInt64(all.count), maximumBytes: 2_000, maximumCount: 20)
            guard !next.isEmpty else { return all }
            all += next
        }
    }

    // MARK: What has to hold

    @Test(arguments: faults) func nothingAcknowledgedIsLost(fault: Fault) throws {
        var number = 1
        while true {
            defer { number += fault.step }
            let disk = FaultyDisk()
            let calls = FailingCalls(
                disk, failing: number, code: fault.code, forEver: fault.forEver,
                losesData: fault.losesData)
            var told = Told()
            Self.work(calls, &told)
            guard calls.hasFailed else {
                #expect(told.acknowledged == UInt64(Self.records) && told.error == nil)
                break
            }
            Self.expectNamed(told, fault, number)
            let left: [(String, FaultyDisk)] = [
                ("the process ended", disk.afterProcessDeath()),
                (
                    "the power went",
                    disk.afterPowerLoss(number % 4 == 0 ? .some(seed: UInt64(number)) : .nothing)
                ),
            ]
            for (what, disk) in left {
                try Self.check(disk, told, "call \(number) failed, then \(what)")
            }
            if let backup = told.backup {
                var copied = Told()
                copied.acknowledged = backup.position
                copied.trimmed = told.trimmed
                try Self.check(backup.disk, copied, "call \(number) failed, then the backup")
            }
        }
        #expect(number > 150, "so few calls were made")
    }

    /// What ended the work names the call that failed.
    private static func expectNamed(_ told: Told, _ fault: Fault, _ number: Int) {
        guard let error = told.error else { return }
        switch error {
        case .failed(let cause), .full(let cause), .unreadable(let cause):
            #expect(cause.code == fault.code && !cause.path.isEmpty, "call \(number): \(error)")
        case .damaged, .fenced, .entryTooLarge, .trimmed, .notDurable, .inUse, .format, .setting,
            .closed:
            Issue.record("call \(number): \(error)")
        }
    }

    private static func check(_ disk: FaultyDisk, _ told: Told, _ when: String) throws {
        let log: SegmentedLog
        do {
            log = try SegmentedLog(folder: "log", settings: settings, files: disk)
        } catch {
            Issue.record("\(when): \(error)")
            return
        }
        let entries = try read(log)
        let isWhole =
            log.lastPosition >= told.acknowledged && log.firstPosition <= told.trimmed
            && entries.count == Int(log.lastPosition + 1 - log.firstPosition)
            && entries.enumerated().allSatisfy { index, found in
                let position = log.firstPosition + UInt64(index)
                return isEntry(found, at: position)
            }
        #expect(
            isWhole,
            "\(when): \(log.firstPosition)...\(log.lastPosition) of 1...\(told.acknowledged)")
        let snapshot = try log.latestSnapshot()
        #expect(snapshot?.position ?? 0 >= told.snapshot, "\(when)")
        if let snapshot {
            #expect(told.snapshots.contains(snapshot.position), "\(when)")
            #expect(snapshot.bytes == Self.snapshot(snapshot.position), "\(when)")
        }
        // It takes more.
        let next = log.lastPosition + 1
        try log.append([entry(next)], expecting: log.lastPosition)
        try log.commit()
        try log.close()
    }
}
