import ArgumentParser
import Barid
import BaridLog
import BaridSchema
import Foundation
import GRPCCore

/// `barid backup`.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy log and state of a running broker into a folder.",
        discussion: """
            The copy is a consistent cut: every event acknowledged before the command began is in \
            it. It is read back and checked before the command ends; `barid restore` makes a data \
            folder of it. The index is not copied: it is built from the log.

            Examples:
              barid backup /backup/monday
              barid backup /backup/monday --json
            """)

    @Argument(help: "A folder that does not exist, or is empty.")
    var folder: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        try Self.checkEmpty(path)
        let cut = try await broker.connected(as: "barid backup") { client in
            try PrivateFolder.make(path)
            try PrivateFolder.make("\(path)/log")
            return try await client.admin.backup(Barid_Admin_V1_BackupRequest()) { response in
                var writer = BackupWriter(folder: path)
                for try await chunk in response.messages { try writer.take(chunk) }
                return try writer.finish()
            }
        }
        let report = try Self.check(path, against: cut)
        if output.json {
            var text = JSONText()
            text.add("folder", path)
            text.add("position", cut.position)
            text.add("state_hash", String(cut.stateHash, radix: 16))
            text.add("records", report.records)
            text.add("events", report.events)
            text.add("bytes", cut.bytes)
            Console.output.line(text.text)
        } else {
            Console.output.line(
                "Backed up \(Formats.number(report.events)) events up to record "
                    + "\(Formats.number(cut.position)), \(Formats.bytes(cut.bytes)), into \(path); "
                    + "read back and whole.")
        }
    }

    /// Refuses a folder that holds something.
    static func checkEmpty(_ path: String) throws {
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        guard names?.isEmpty ?? !FileManager.default.fileExists(atPath: path) else {
            throw CommandError(.refused, "\(path) is not an empty folder; nothing was changed")
        }
    }

    /// Reads a copy back, and compares it with what the broker said.
    static func check(
        _ path: String, against cut: Barid_Admin_V1_BackupCut
    ) throws -> LogReport {
        let report = try LogReport.looked(at: "\(path)/log")
        let state = try? LogVerifier(folder: "\(path)/log").stateHash()
        guard report.isWhole, report.lastPosition == cut.position,
            state?.position == cut.position, state?.hash == cut.stateHash
        else {
            report.say(json: false, on: .error)
            throw CommandError(
                .badInput,
                "\(path) is not what was backed up: it ends at record \(report.lastPosition), "
                    + "and the cut at \(cut.position); do not rely on it, and try again")
        }
        return report
    }
}

/// Writes what a broker sends into files, and syncs them.
struct BackupWriter {
    /// Where a backup says what it holds.
    static let description = "BACKUP"

    private let folder: String
    private var cut: Barid_Admin_V1_BackupCut?
    private var file: FileHandle?
    private var files = 0
    private var bytes: UInt64 = 0

    init(folder: String) { self.folder = folder }

    mutating func take(_ chunk: Barid_Admin_V1_BackupChunk) throws {
        if chunk.hasCut { cut = chunk.cut }
        if !chunk.file.isEmpty { try begin(chunk.file) }
        guard !chunk.data.isEmpty else { return }
        guard let file else { throw Self.garbled("data of no file") }
        try file.write(contentsOf: chunk.data)
        bytes += UInt64(chunk.data.count)
    }

    private mutating func begin(_ name: String) throws {
        try closeFile()
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isKnown = name == "FORMAT" || (parts.count == 2 && parts[0] == "log")
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        guard isKnown, isPlain else { throw Self.garbled("a file named '\(name)'") }
        let path = "\(folder)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw CommandError(.fileFailure, "cannot write \(path)") }
        file = handle
        files += 1
    }

    private mutating func closeFile() throws {
        try file?.synchronize()
        try file?.close()
        file = nil
    }

    /// Checks that everything came, and writes down what it is.
    mutating func finish() throws -> Barid_Admin_V1_BackupCut {
        try closeFile()
        guard let cut, files == Int(cut.files), bytes == cut.bytes else {
            throw Self.garbled("\(files) files and \(bytes) bytes")
        }
        let path = "\(folder)/\(Self.description)"
        try Data((try JSONText.line(cut) + "\n").utf8).write(to: URL(fileURLWithPath: path))
        let files = PosixFileSystem()
        try files.open(path, creating: false).sync()
        for folder in ["\(folder)/log", folder] { try files.syncFolder(folder) }
        return cut
    }

    private static func garbled(_ what: String) -> CommandError {
        CommandError(
            .temporary, "the backup was cut short or garbled: \(what) came; remove it and try again"
        )
    }
}
