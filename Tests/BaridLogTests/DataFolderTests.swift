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
            #expect(try String(contentsOfFile: path + "/FORMAT", encoding: .utf8) == "1\n")
        }
    }

    @Test(arguments: ["2\n", "99", "", "barid", "1x"])
    func refusesAFormatItDoesNotKnow(content: String) throws {
        try withTemporaryFolder { path in
            try content.write(toFile: path + "/FORMAT", atomically: true, encoding: .utf8)
            let found = content.isEmpty ? "unknown" : content.trimmingCharacters(in: .newlines)
            #expect(throws: LogError.format(folder: path, found: found, supported: 1)) {
                try DataFolder(path: path)
            }
            // And the lock is given back: the next one gets the same answer, not "in use".
            #expect(throws: LogError.format(folder: path, found: found, supported: 1)) {
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
}
