import Foundation
import TestSupport
import Testing

@testable import BaridSupervisor

#if canImport(Glibc)
    import Glibc
#endif

/// Real processes: starting, draining, ending.
@Suite struct ChildProcessesTests {
    private let folder: TemporaryFolder
    private let processes: ChildProcesses

    init() throws {
        folder = try TemporaryFolder()
        processes = try ChildProcesses()
    }

    private func start(_ script: String, name: String = "child") {
        processes.start(
            ChildProcesses.Start(
                name: name, executable: "/bin/sh", arguments: ["-c", script],
                environment: ["PATH": "/usr/bin:/bin", "WORD": "سلام"], folder: folder.path,
                logFile: folder.file("\(name).log")))
    }

    /// Events up to the end of one process.
    private func untilEnd() async throws -> (started: Int32, end: ProcessEnd) {
        var started: Int32 = 0
        for await event in processes.events {
            switch event {
            case .started(_, let process): started = process
            case .ended(_, let end): return (started, end)
            }
        }
        throw CancellationError()
    }

    @Test func outputGoesToTheLogAndTheLastErrorsAreKept() async throws {
        start("echo out $WORD; pwd; for i in $(seq 30); do echo error $i >&2; done; exit 3")
        let (process, end) = try await untilEnd()
        processes.finish()
        #expect(end.exitCode == 3 && end.signal == 0 && end.processIdentifier == process)
        #expect(end.lastLines == (11...30).map { "error \($0)" })
        let log = try String(contentsOfFile: folder.file("child.log"), encoding: .utf8)
        #expect(log.contains(" \(process) out out سلام\n"))
        #expect(log.contains(" out \(folder.path)\n"))
        #expect(log.contains(" err error 1\n"))
        #expect(log.contains("ended: exit code 3"))
    }

    @Test func aFloodOnBothPipesIsDrained() async throws {
        start("head -c 1000000 /dev/zero | tr '\\0' x >&2; yes | head -c 100000")
        let (_, end) = try await untilEnd()
        processes.finish()
        #expect(end.exitCode == 0)
        #expect(end.lastLines.last?.hasSuffix("bytes more]") == true)
    }

    @Test func aMissingProgramIsAnEnd() async throws {
        processes.start(
            ChildProcesses.Start(
                name: "x", executable: "/nonexistent/x", arguments: [], environment: [:],
                folder: nil, logFile: folder.file("x.log")))
        let (process, end) = try await untilEnd()
        processes.finish()
        #expect(process == 0 && end.exitCode == nil && end.signal == 0)
        #expect(end.lastLines.first?.contains("/nonexistent/x") == true)
    }

    @Test func aSignalIsNamedAndTheWholeGroupGoes() async throws {
        start("sleep 1000 & echo $! >grandchild; trap '' TERM; echo ready >ready; wait; wait")
        try await eventually("script is ready") {
            FileManager.default.fileExists(atPath: folder.file("ready")) ? () : nil
        }
        var iterator = processes.events.makeAsyncIterator()
        guard case .started(_, let process) = await iterator.next() else {
            Issue.record("it should have started")
            return
        }
        processes.signal(SIGTERM, to: process, group: false)
        processes.signal(SIGKILL, to: process, group: false)
        guard case .ended(_, let end) = await iterator.next() else {
            Issue.record("it should have ended")
            return
        }
        processes.finish()
        #expect(end.signal == SIGKILL && end.exitCode == nil)
        let grandchild = try grandchild()
        try await eventually("end of the grandchild") { isGone(grandchild) ? () : nil }
    }

    /// A host that is gone takes everything with it: its guard ends what is left.
    @Test func whatStillRunsIsEndedWhenTheThreadEnds() async throws {
        start(
            "sleep 1000 & echo $! >grandchild; trap '' TERM HUP; echo ready >ready; while :; do sleep 1; done"
        )
        try await eventually("script is ready") {
            FileManager.default.fileExists(atPath: folder.file("ready")) ? () : nil
        }
        let grandchild = try grandchild()
        #expect(!isGone(grandchild))
        processes.finish()
        try await eventually("end of the grandchild", within: .seconds(10)) {
            isGone(grandchild) ? () : nil
        }
    }

    /// Protocols/4-plugin §3.2: what left the group goes too, and only what this child started.
    @Test func whatLeftTheGroupGoesWithItsChild() async throws {
        start("echo ready >other; read end", name: "other")
        start("\(leaver); exit 0")
        try await eventually("the end of the child, and of what it left") {
            (try? grandchild()).map { isGone($0) } == true ? () : nil
        }
        let log = try await eventually("the line about it") {
            let log = try String(contentsOfFile: folder.file("child.log"), encoding: .utf8)
            return log.contains("left behind") ? log : nil
        }
        #expect(log.contains("killed a process that it left behind"))
        var started: [String: Int32] = [:]
        for await event in processes.events {
            if case .started(let name, let process) = event { started[name] = process }
            if case .ended(let name, _) = event {
                #expect(name == "child")
                break
            }
        }
        #expect(!isGone(try #require(started["other"])))
        processes.finish()
    }

    /// The same when the host is gone and nobody is left to reap the child.
    @Test func whatLeftTheGroupIsEndedByTheGuard() async throws {
        start("\(leaver); echo ready >ready; wait")
        try await eventually("script is ready") {
            FileManager.default.fileExists(atPath: folder.file("ready")) ? () : nil
        }
        let grandchild = try grandchild()
        #expect(!isGone(grandchild))
        processes.finish()
        try await eventually("end of the grandchild", within: .seconds(10)) {
            isGone(grandchild) ? () : nil
        }
    }

    /// Starts a process that writes its own id, and waits until it has: by then it left the group.
    private let leaver =
        "setsid sh -c 'echo $$ >grandchild; exec sleep 1000' & "
        + "until [ -s grandchild ]; do sleep 0.01; done"

    private func grandchild() throws -> Int32 {
        let text = try String(contentsOfFile: folder.file("grandchild"), encoding: .utf8)
        return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
