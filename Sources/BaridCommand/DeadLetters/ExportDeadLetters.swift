import ArgumentParser
import Barid
import BaridSchema
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid dead-letters export`.
struct ExportDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write dead letters as JSON lines: the event as CloudEvents JSON, and its end.",
        discussion: """
            Each line is {"event": ..., "dead_letter": ...}; the dead letters stay where they are. A file \
            appears only when it is complete.

            Examples:
              barid dead-letters export > letters.jsonl
              barid dead-letters export --group parser --output letters.jsonl
              barid dead-letters export 1234 | jq .event.data
            """)

    @OptionGroup var which: DeadLetterOptions

    @Option(
        help: ArgumentHelp(
            "Write this file, which must not exist yet. The default is standard output.",
            valueName: "file"))
    var output: String?

    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let selection = which.selection
        let file = try output.map { try ExportFile(path: $0) }
        let count = try await broker.connected(as: "barid dead-letters") { client in
            let (_, narrowed) = try await DeadLetterReader(
                client: client, selection: selection
            ).bounded()
            var count = 0
            try await DeadLetterReader(client: client, selection: narrowed).read { letter in
                let line = try Self.line(letter)
                if let file { try file.write(line) } else { Console.output.line(line) }
                count += 1
                return true
            }
            return count
        }
        try file?.finish()
        Console.error.line(
            "\(Formats.count(count, "dead letter")) exported\(output.map { " to \($0)" } ?? "").")
    }

    /// One dead letter on one line.
    static func line(_ letter: Barid_Admin_V1_DeadLetter) throws -> String {
        var text = JSONText()
        let event = try Barid_Bus_V1_Event(serializedBytes: letter.event)
        if let json = try? EventEnvelope(event).json() {
            text.add("event", json: String(decoding: json, as: UTF8.self))
        } else {
            // No CloudEvents JSON can say it; nothing is left out all the same.
            text.add("event_protobuf_base64", letter.event.base64EncodedString())
        }
        var rest = letter
        rest.event = Data()
        try text.add("dead_letter", rest)
        return text.text
    }
}

/// A file that appears under its name only when it is whole.
private final class ExportFile: Sendable {
    private let path: String
    private let partial: String
    private let handle: FileHandle

    init(path: String) throws {
        self.path = path
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandError(.badInput, "\(path): exists already; name another file")
        }
        partial = "\(path).partial-\(getpid())"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let handle = FileHandle(forWritingAtPath: partial)
        else {
            throw CommandError(
                .badInput, "\(path): cannot be written there; does the folder exist?")
        }
        self.handle = handle
    }

    deinit {
        // After ``finish()`` there is nothing under this name.
        try? FileManager.default.removeItem(atPath: partial)
    }

    func write(_ line: String) throws {
        try handle.write(contentsOf: Data("\(line)\n".utf8))
    }

    func finish() throws {
        try handle.synchronize()
        try handle.close()
        guard link(partial, path) == 0 else {
            throw CommandError(
                .badInput, "\(path): \(String(cString: strerror(errno))); the export is lost")
        }
    }
}
