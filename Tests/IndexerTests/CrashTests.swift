import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import Indexer

#if canImport(Glibc)
    import Glibc
#endif

/// reliability.md 3: the effect and what is known of it are one transaction, and an ack follows it.
@Suite(.serialized) struct CrashTests {
    private static let batch = 20

    /// A writer is killed in mid-write, again and again; nothing it reported is lost, nothing is
    /// half there.
    @Test func survivesAKilledWriter() async throws {
        let folder = try TemporaryFolder()
        setenv("BARID_INDEX_CRASH", folder.path, 1)
        for round in 1...4 {
            // Each round kills at another point of the write-ahead log's growth.
            setenv("BARID_INDEX_CRASH_AT", "\(round * 731_003)", 1)
            setenv("BARID_INDEX_CRASH_ROUND", "\(round)", 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                try CrashTests.writeUntilKilled()
            }
            let index = try ArticleIndex(path: folder.file)
            #expect(try index.integrityCheck() == [])
            let reported = try String(contentsOfFile: folder.path + "/reported", encoding: .utf8)
                .split(separator: "\n").count
            let counts = try index.counts()
            #expect(counts.searchable >= reported * Self.batch)
            #expect(counts.searchable == counts.articles)
            #expect(counts.searchable.isMultiple(of: Self.batch), "no batch is half there")
            #expect(reported > 0)
            try index.close()
        }
    }

    private static func writeUntilKilled() throws {
        let environment = ProcessInfo.processInfo.environment
        let path = try #require(environment["BARID_INDEX_CRASH"])
        let limit = try #require(environment["BARID_INDEX_CRASH_AT"].flatMap { Int($0) })
        let round = try #require(environment["BARID_INDEX_CRASH_ROUND"])
        let file = path + "/index/articles.sqlite"
        let index = try ArticleIndex(path: file)
        let report = open(path + "/reported", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        Thread.detachNewThread {
            // The first process grows the log from nothing, later ones a log that is there.
            var written = 0
            var last = 0
            while written < limit {
                sched_yield()
                var status = stat()
                guard stat(file + "-wal", &status) == 0 else { continue }
                let size = Int(status.st_size)
                if size != last { written += abs(size - last) }
                last = size
            }
            kill(getpid(), SIGKILL)
        }
        let body = Array(repeating: "نص طويل عن الميناء والسفن التي وصلت اليوم", count: 40)
        for number in 0... {
            let updates = try (0..<batch).map {
                try StageUpdate(article("\(round)-\(number)-\($0)", body: body), order: 1)
            }
            _ = try index.apply(updates)
            _ = write(report, "\(number)\n", "\(number)\n".utf8.count)
        }
    }
}
