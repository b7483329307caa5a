import BaridChaos
import Foundation

/// Rows about files that are not as the broker left them.
extension Rows {
    static let damage: [Row] = [
        Row(number: 7, name: "torn last record") { workshop in
            try await damage(7, workshop.count(short: 4, full: 200), workshop) { files, numbers in
                // What a write left that power took away in its middle: beyond the durable mark.
                guard let last = files.lastSegment else { return "no segment" }
                let bytes = (0..<(1 + numbers.next() % 4_096)).map { _ in
                    UInt8(truncatingIfNeeded: numbers.next())
                }
                try last.write(bytes, at: last.used)
                return "\(bytes.count) bytes behind \(last.used)"
            }
        },
        Row(number: 8, name: "bit flips in every region") { workshop in
            try await damage(8, workshop.count(short: 10, full: 1_000), workshop) {
                files, numbers in
                let file = files.all[Int(numbers.next() % UInt64(files.all.count))]
                let offset = numbers.next() % max(1, file.used)
                try file.flip(bit: UInt8(numbers.next() % 8), at: offset)
                return "\(file.name) at \(offset)"
            }
        },
        Row(number: 9, name: "zero-filled blocks, missing last file") { workshop in
            try await damage(9, workshop.count(short: 4, full: 100), workshop) { files, numbers in
                guard let last = files.lastSegment else { return "no segment" }
                if numbers.next() % 4 == 0 {
                    try FileManager.default.removeItem(atPath: last.path)
                    return "\(last.name) removed"
                }
                // Before the seal, which says that all of it is durable. With the seal and all
                // that is behind it gone too, a log cannot know that it was ever longer.
                let count = 512 + numbers.next() % 20_000
                let end = last.used - min(last.used, 512)
                let begin = end - min(end, count)
                try last.write([UInt8](repeating: 0, count: Int(end - begin)), at: begin)
                return "\(begin) to \(end) of \(last.name) zeroed"
            }
        },
    ]

    /// Damages copies of one log, each in another way: whatever happens, a broker that serves has
    /// everything, and one that refuses says where the damage is.
    private static func damage(
        _ row: Int, _ count: Int, _ workshop: Workshop,
        _ harm: (LogFiles, inout SeededNumbers) throws -> String
    ) async throws -> Outcome {
        var outcome = Outcome()
        var numbers = SeededNumbers(seed: workshop.seed)
        let original = Arena.Configuration(
            folder: try workshop.makeFolder("row-\(row)"), executables: workshop.executables)
        let log = try await PreparedLog(
            original, publishing: .milliseconds(1_200), seed: workshop.seed)
        outcome.acknowledged = log.acknowledged.count
        var refused = 0
        for _ in 0..<count where !workshop.stop.isSet {
            let copy = Arena.Configuration(
                folder: try workshop.makeFolder("row-\(row)-copy"),
                executables: workshop.executables)
            try Shell.require(
                "cp", ["-r", "--sparse=always", log.dataFolder, copy.dataFolder])
            let what = try harm(LogFiles(in: copy.dataFolder), &numbers)
            outcome.kills += 1
            let found = outcome.violations.count
            switch try await log.reaction(copy) {
            case .serves(let missing):
                outcome.lost += missing
                if missing > 0 {
                    outcome.fail("durability: \(what): served without \(missing) events")
                }
            case .refuses(let end):
                refused += 1
                let words = end.lastLines.joined(separator: " | ")
                if row == 7 { outcome.fail("torn tail: \(what): refused: \(words)") }
                if end.status != 65 || !words.contains(" at byte ") {
                    outcome.fail("damage: \(what): ended with \(end.status), saying: \(words)")
                }
            }
            if outcome.violations.count == found {
                try? FileManager.default.removeItem(atPath: copy.folder)
            }
        }
        outcome.note = "\(refused) refused by name"
        // One in a few flips meets a byte that was acknowledged.
        if row == 8, refused == 0, !workshop.stop.isSet {
            outcome.fail("damage: none of \(count) flips was noticed")
        }
        return outcome
    }
}

/// The files of a log, and how much of each is in use.
struct LogFiles {
    struct File {
        var path: String
        /// Bytes up to the last one that is not zero.
        var used: UInt64

        var name: String { URL(fileURLWithPath: path).lastPathComponent }

        func write(_ bytes: [UInt8], at offset: UInt64) throws {
            guard let handle = FileHandle(forUpdatingAtPath: path) else {
                throw Broken(description: "\(path) cannot be opened")
            }
            defer { try? handle.close() }
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: bytes)
        }

        func flip(bit: UInt8, at offset: UInt64) throws {
            guard let handle = FileHandle(forUpdatingAtPath: path) else {
                throw Broken(description: "\(path) cannot be opened")
            }
            defer { try? handle.close() }
            try handle.seek(toOffset: offset)
            let byte = try handle.read(upToCount: 1)?.first ?? 0
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: [byte ^ (1 << bit)])
        }
    }

    /// All with something in them, spare segments left out.
    let all: [File]

    init(in folder: String) throws {
        let root = "\(folder)/log"
        all = try FileManager.default.subpathsOfDirectory(atPath: root).sorted().compactMap {
            name in
            let path = "\(root)/\(name)"
            guard !name.contains("spare"),
                let bytes = FileManager.default.contents(atPath: path),
                let last = bytes.lastIndex(where: { $0 != 0 })
            else { return nil }
            return File(path: path, used: UInt64(last) + 1)
        }
    }

    var lastSegment: File? { all.last { $0.name.hasSuffix(".log") } }
}
