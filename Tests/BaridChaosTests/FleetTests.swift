import Foundation
import TestSupport
import Testing

@testable import BaridChaos

/// Processes of a run are told apart, ended, and never left behind.
@Suite(.serialized) struct FleetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 }

    @Test func nothingOutlivesTheRunStoppedProcessesNeither() async throws {
        let processes = try await Fleet.with(folder: folder.path) { fleet in
            let sleeper = try await fleet.start("a", "/bin/sleep", ["100"], environment: [:])
            let stopped = try await fleet.start("b", "/bin/sleep", ["100"], environment: [:])
            fleet.signal(SIGSTOP, "b")
            return [sleeper, stopped]
        }
        for process in processes { #expect(!isAlive(process)) }
    }

    @Test func endsAreToldWithTheirStatus() async throws {
        try await Fleet.with(folder: folder.path) { fleet in
            try await fleet.start("a", "/bin/sh", ["-c", "echo oh >&2; exit 3"], environment: [:])
            let end = try await fleet.ended("a", within: .seconds(60))
            #expect(end.status == 3 && end.lastLines == ["oh"])
            try await fleet.start("a", "/bin/sleep", ["100"], environment: [:])
            try await fleet.kill("a")
            #expect(fleet.end(of: "a")?.status == 128 + SIGKILL)
        }
    }

    /// A broker under strace or unshare is such a program: its data folder is in use until it is gone.
    @Test func aProcessHasNotEndedBeforeWhatItStarted() async throws {
        try await Fleet.with(folder: folder.path) { fleet in
            let group = try await fleet.start(
                "a", "/bin/sh", ["-c", "sleep 100 & read line"], environment: [:])
            // It reads the end of its input when the fleet goes, and not before.
            #expect(ProcessGroup.isAlive(group))
            try await fleet.kill("a")
            #expect(!ProcessGroup.isAlive(group))
            let many = "for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & sleep 100 & done; read line"
            for _ in 0..<20 {
                let group = try await fleet.start("b", "/bin/sh", ["-c", many], environment: [:])
                try await fleet.kill("b")
                #expect(!ProcessGroup.isAlive(group))
            }
        }
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        await #expect {
            try await Fleet.with(folder: folder.path) { fleet in
                _ = try await fleet.start("a", "/nonexistent/x", [], environment: [:])
            }
        } throws: {
            "\($0)".contains("/nonexistent/x")
        }
    }

    @Test func waitingEndsWithTheNameOfTheFact() async throws {
        try await Fleet.with(folder: folder.path) { fleet in
            try await fleet.start("a", "/bin/sleep", ["100"], environment: [:])
            await #expect {
                try await fleet.ended("a", within: .milliseconds(20))
            } throws: {
                "\($0)".contains("end of a")
            }
        }
    }
}
