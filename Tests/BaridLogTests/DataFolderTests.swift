import Foundation
import Testing

@testable import BaridLog

/// One broker to a folder, and no folder of a newer version.
///
/// DESIGN 10: "The data folder has a `FORMAT` file: older is upgraded with a line saying so, newer
/// is refused naming both versions."
@Suite struct DataFolderTests {
    @Test func refusesASecondHolderAndNamesTheFirst() throws {
        try withTemporaryFolder { path in
            let folder = path + "/a/b"
            let held = try DataFolder(path: folder)
            let error = #expect(throws: LogError.self) { try DataFolder(path: folder) }
            guard case .inUse(folder, getpid(), let since?) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(since.hasSuffix("Z"))
            #expect(
                "\(try #require(error))"
                    == "data folder \(folder) is in use by process \(getpid()) since \(since)")
            withExtendedLifetime(held) {}
        }
    }

    @Test func canBeHeldAgainOnceItIsLetGo() throws {
        try withTemporaryFolder { path in
            for _ in 0..<3 {
                let folder = try DataFolder(path: path)
                #expect(folder.logPath == path + "/log")
            }
            #expect(try String(contentsOfFile: path + "/FORMAT", encoding: .utf8) == "2\n")
        }
    }

    @Test(arguments: ["3\n", "99", "0", "-1", "", "barid", "1x"])
    func refusesAFormatItDoesNotKnow(content: String) throws {
        try withTemporaryFolder { path in
            try content.write(toFile: path + "/FORMAT", atomically: true, encoding: .utf8)
            let found = content.isEmpty ? "unknown" : content.trimmingCharacters(in: .newlines)
            #expect(throws: LogError.format(folder: path, found: found, supported: 2)) {
                try DataFolder(path: path)
            }
            // And the lock is given back: the next one gets the same answer, not "in use".
            #expect(throws: LogError.format(folder: path, found: found, supported: 2)) {
                try DataFolder(path: path)
            }
        }
    }

    @Test func isForThisUserOnly() throws {
        try withTemporaryFolder { path in
            let folder = try DataFolder(path: path + "/data")
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
    }

    /// A folder of the format before: its log is read as it is, and the number rises.
    ///
    /// Protocols/6-log §1: "An older one SHALL be upgraded, and the broker says so".
    @Test func upgradesTheFormatBefore() throws {
        try withTemporaryFolder { path in
            do {
                let folder = try DataFolder(path: path)
                #expect(folder.upgradedFrom == nil)
                var settings = SegmentedLogSettings()
                settings.spares = 0
                let log = try SegmentedLog(folder: folder.logPath, settings: settings)
                for index in 0..<10 { try log.append([.numbered(index)], expecting: UInt64(index)) }
                try log.close()
            }
            // What format 1 wrote: no copy of the header, another number.
            let file = path + "/log/00000000000000000001.log"
            let segment = try PosixFileSystem().open(file, creating: false)
            try segment.write(
                [UInt8](repeating: 0, count: SegmentHeader.size), at: SegmentHeader.copyOffset)
            try "1\n".write(toFile: path + "/FORMAT", atomically: true, encoding: .utf8)
            do {
                let folder = try DataFolder(path: path)
                #expect(folder.upgradedFrom == 1)
                let log = try SegmentedLog(folder: folder.logPath)
                #expect(log.lastPosition == 10)
                #expect(try log.read(from: 1, maximumBytes: .max, maximumCount: 20).count == 10)
                try log.close()
            }
            #expect(try String(contentsOfFile: path + "/FORMAT", encoding: .utf8) == "2\n")
            #expect(try DataFolder(path: path).upgradedFrom == nil)
        }
    }
}
