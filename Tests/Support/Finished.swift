import Foundation

/// A short command that was run to its end; for tools such as git, not for Barid's own processes.
public struct Finished: Sendable {
    /// Its exit code.
    public let status: Int32

    /// Its standard output.
    public let output: String

    /// Runs the command and waits.
    public init(_ executable: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: data, as: UTF8.self)
    }
}
