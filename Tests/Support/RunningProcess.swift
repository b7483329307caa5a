import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A process that a test started; it is killed at the latest when the test lets go of it.
public final class RunningProcess: Sendable {
    private let process: Mutex<Process>
    // Files and not pipes: a pipe's end is seen only when no other child holds it by accident.
    private let files: (output: String, error: String)

    /// Its process id.
    public let id: Int32

    /// Starts an executable.
    ///
    /// - Parameters:
    ///   - executable: A path, or the name of one of the built products.
    ///   - arguments: Without the name itself.
    ///   - environment: Added to a bare environment (PATH, HOME and what the sanitizers need).
    ///   - input: Written to its standard input, which is then closed.
    /// - Throws: When there is no such executable.
    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        input: String = ""
    ) throws {
        let process = Process()
        let path =
            executable.hasPrefix("/") ? executable : "\(Repository.products)/\(executable)"
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        var whole = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
        ]
        if let libraries = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] {
            whole["LD_LIBRARY_PATH"] = libraries
        }
        process.environment = whole.merging(environment) { $1 }
        let name = "/tmp/barid-test-\(UInt64.random(in: 0...UInt64.max))"
        files = ("\(name).out", "\(name).err")
        for path in [files.output, files.error] {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        process.standardOutput = FileHandle(forWritingAtPath: files.output)
        process.standardError = FileHandle(forWritingAtPath: files.error)
        let standardInput = Pipe()
        process.standardInput = standardInput
        try process.run()
        id = process.processIdentifier
        self.process = Mutex(process)
        try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? standardInput.fileHandleForWriting.close()
    }

    deinit {
        if isRunning { kill(id, SIGKILL) }
        for path in [files.output, files.error] {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// What it wrote to standard output so far.
    public var output: String { text(files.output) }

    /// What it wrote to standard error so far.
    public var error: String { text(files.error) }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool {
        process.withLock { $0.isRunning }
    }

    /// Sends a signal: `SIGKILL`, `SIGTERM`, `SIGSTOP` ...
    public func signal(_ number: Int32) {
        kill(id, number)
    }

    /// Waits for its end and all of its output.
    ///
    /// - Returns: Exit code, or 128 + the signal that ended it.
    /// - Throws: ``NeverHappened`` with what it had written when it does not end in time.
    @discardableResult
    public func ended(within limit: Duration = .seconds(120)) async throws -> Int32 {
        do {
            try await eventually("end of process \(id)", within: limit) { isRunning ? nil : () }
        } catch is NeverHappened where isRunning {
            throw NeverHappened(description: "end of process \(id); so far:\n\(output)\n\(error)")
        }
        return process.withLock {
            $0.terminationReason == .exit ? $0.terminationStatus : 128 + $0.terminationStatus
        }
    }
}
