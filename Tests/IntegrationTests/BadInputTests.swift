import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What a person can do wrong: each gets an exit code, and an error that says what, where and what to try.
@Suite struct BadInputTests {
    @Test func noBrokerSaysHowToStartOne() async throws {
        let folder = try TemporaryFolder()
        let article = try folder.write("Headline\n\nA paragraph of text.\n", to: "a.txt")
        let process = try RunningProcess(
            "barid", ["publish", article, "--deadline", "1"],
            environment: ["BARID_ENDPOINT": "ipc://" + folder.file("none.ipc")])
        #expect(try await process.ended() == 69)
        #expect(process.error.contains("barid up"), "\(process.error)")
    }

    @Test func wrongFilesAreNamedAndTheRestGoesOn() async throws {
        let pipeline = try await Pipeline()
        let good = try pipeline.folder.write(
            "A bridge opens in Tarsin\n\nThe town of Tarsin opened its new bridge on Monday.\n",
            to: "good.txt")
        let empty = try pipeline.folder.write("", to: "empty.txt")
        let binary = pipeline.folder.file("binary.bin")
        try Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 37) }).write(
            to: URL(fileURLWithPath: binary))
        let huge = pipeline.folder.file("huge.txt")
        try Data(repeating: 0x61, count: 50 << 20).write(to: URL(fileURLWithPath: huge))
        let lines = try pipeline.folder.write(
            """
            {"id": "one", "title": "Rain in Tarsin", "text": "It rained for three days in the hills above Tarsin."}
            not json at all
            {"id": "two", "title": "Sun in Tarsin", "text": "The sun came back to the hills above Tarsin on Friday."}

            """, to: "lines.jsonl")

        for (file, code) in [(empty, 65), (binary, 65), (huge, 65), ("/nonexistent/a.txt", 66)] {
            let answer = try await pipeline.barid(["publish", file, "--wait"])
            #expect(answer.status == Int32(code), "\(file): \(answer.status) \(answer.error)")
            #expect(
                answer.error.contains((file as NSString).lastPathComponent),
                "\(file): \(answer.error)")
        }
        let mixed = try await pipeline.barid(["publish", good, empty, "--wait", "--json"])
        #expect(mixed.status == 65)
        #expect(try pipeline.objects(mixed.output).contains { $0["article"] != nil }, "\(mixed)")
        let split = try await pipeline.barid(["publish", lines, "--wait", "--json"])
        #expect(split.status == 65 && split.error.contains("lines.jsonl:2"), "\(split.error)")
        let ids = try pipeline.objects(split.output).compactMap { $0["id"] as? String }
        #expect(ids == ["one", "two"])
        #expect(try await pipeline.barid(["publish", "--nonsense"]).status == 64)
        #expect(try await pipeline.barid(["article", "nothing-of-the-kind"]).status == 66)
    }

    /// Bytes that are no protocol: the broker goes on serving everybody else.
    @Test func garbageOnTheSocketHarmsNobody() async throws {
        let pipeline = try await Pipeline(workers: [])
        let path = pipeline.folder.file("run/broker.ipc")
        for seed in 0..<20 {
            let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(connected == 0)
            var generator = SystemRandomNumberGenerator()
            // Half of them begin as ZeroMQ does.
            var bytes: [UInt8] = seed % 2 == 0 ? [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] : []
            bytes += (0..<2048).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        #expect(try await pipeline.barid(["status", "--json"]).status == 0)
        #expect(pipeline.broker.isRunning)
    }
}
