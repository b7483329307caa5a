import Foundation

/// Runs the tools of the system that faults are made with.
enum Shell {
    /// How a tool ended and what it wrote.
    struct Result {
        var status: Int32
        var output: String
    }

    /// Path of a tool; nil when it is not installed.
    static func path(of tool: String) -> String? {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { "\($0)/\(tool)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs a tool to its end.
    static func run(_ tool: String, _ arguments: [String]) throws -> Result {
        guard let path = path(of: tool) else { throw Skipped(reason: "needs \(tool)") }
        return try run(path: path, arguments)
    }

    /// Runs a program to its end.
    static func run(
        path: String, _ arguments: [String], environment: [String: String]? = nil
    ) throws -> Result {
        let process = Process()
        if let environment { process.environment = environment }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }

    /// Runs a tool that has to do its work.
    ///
    /// - Throws: ``Broken`` with the tool's words when it does not.
    static func require(_ tool: String, _ arguments: [String]) throws {
        let result = try run(tool, arguments)
        guard result.status == 0 else {
            let words = result.output.split(separator: "\n").first.map(String.init) ?? ""
            throw Broken(
                description: "\(tool) \(arguments.joined(separator: " ")): \(words)")
        }
    }

    /// Runs steps that not every kernel can take.
    ///
    /// - Throws: ``Skipped`` where one of them cannot be taken.
    static func prepare<Value>(_ steps: () throws -> Value) throws -> Value {
        do {
            return try steps()
        } catch let broken as Broken {
            throw Skipped(reason: broken.description)
        }
    }
}
