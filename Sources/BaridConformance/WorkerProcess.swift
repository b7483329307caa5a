internal import Foundation
internal import Synchronization

/// A process of the plugin under test; its output goes into files.
final class WorkerProcess: Sendable {
    private let process: Mutex<Process>
    private let path: String
    let id: Int32

    init(
        _ executable: String, _ arguments: [String], environment: [String: String],
        folder: String, output: String, input: String
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // What finds programs, libraries and temporary folders stays; nothing of Barid's does.
        let kept = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("BARID_") && !$0.key.hasPrefix("XDG_")
        }
        process.environment = kept.merging(environment) { $1 }
        path = output
        for suffix in ["out", "err"] {
            _ = FileManager.default.createFile(atPath: "\(output).\(suffix)", contents: nil)
        }
        process.standardOutput = FileHandle(forWritingAtPath: "\(output).out")
        process.standardError = FileHandle(forWritingAtPath: "\(output).err")
        let pipe = Pipe()
        process.standardInput = pipe
        // Threads of the cooperative pool block signals, and a child would inherit that.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        do {
            try process.run()
        } catch {
            throw CheckFailure("\(executable) cannot be started: \(error)")
        }
        id = process.processIdentifier
        self.process = Mutex(process)
        try? pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? pipe.fileHandleForWriting.close()
    }

    var output: String { text("out") }
    var error: String { text("err") }

    private func text(_ suffix: String) -> String {
        String(
            decoding: FileManager.default.contents(atPath: "\(path).\(suffix)") ?? Data(),
            as: UTF8.self)
    }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    /// The exit code, 128 and its number for a signal; nil while it runs.
    var exitCode: Int32? {
        process.withLock { process in
            guard !process.isRunning else { return nil }
            return process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus
        }
    }

    func signal(_ number: Int32) {
        if isRunning { kill(id, number) }
    }

    /// Waits for its end.
    ///
    /// - Throws: ``CheckFailure`` when it does not end in time.
    @discardableResult
    func ended(within limit: Duration) async throws -> Int32 {
        try await wait(for: "the end of the process", within: limit) { exitCode }
    }

    func finish() async {
        signal(SIGKILL)
        _ = try? await ended(within: .seconds(5))
    }
}
