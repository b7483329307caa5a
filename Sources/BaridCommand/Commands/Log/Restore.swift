import ArgumentParser
import Barid
import BaridLog
import BaridSchema
import Foundation
import GRPCCore

/// `barid restore`.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a data folder of a backup.",
        discussion: """
            The backup is checked first. A data folder that holds something, or a running broker, \
            is refused. Start the broker afterwards; the index builds itself from the log.

            Examples:
              barid restore /backup/monday
              barid restore /backup/monday --data ./data
            """)

    @Argument(help: "A folder that `barid backup` wrote.")
    var folder: String

    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "The data folder to make.", discussion: "Else BARID_DATA, the settings file, your own.",
            valueName: "folder"))
    var data: String?

    func run() async throws {
        let source = URL(fileURLWithPath: folder).standardizedFileURL.path
        let target = try Settings(data: data).dataFolder.value
        let description = "\(source)/\(BackupWriter.description)"
        guard let bytes = FileManager.default.contents(atPath: description) else {
            throw CommandError(.noInput, "\(source): there is no backup; \(description) is missing")
        }
        guard
            let cut = try? Barid_Admin_V1_BackupCut(
                jsonString: String(decoding: bytes, as: UTF8.self))
        else { throw CommandError(.badInput, "\(description) cannot be read") }
        guard cut.format <= UInt32(DataFolder.format) else {
            throw CommandError(
                .badInput,
                "\(source) has format \(cut.format), and this version knows up to "
                    + "\(DataFolder.format); restore it with Barid \(cut.version) or later")
        }
        try Self.checkUnused(target)
        _ = try Backup.check(source, against: cut)
        try PrivateFolder.make(target)
        try copy(from: source, to: target)
        let report = try Backup.check(target, against: cut)
        if output.json {
            var text = JSONText()
            text.add("data_folder", target)
            text.add("position", cut.position)
            text.add("events", report.events)
            Console.output.line(text.text)
        } else {
            Console.output.line(
                "Restored \(Formats.number(report.events)) events up to record "
                    + "\(Formats.number(cut.position)) into \(target). Start with `barid up`.")
        }
    }

    /// Refuses a folder that a broker has or had.
    private static func checkUnused(_ path: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard !names.isEmpty else { return }
        if names.contains("LOCK") {
            do {
                _ = try DataFolder(path: path)
            } catch LogError.inUse(let folder, let process, let since) {
                throw CommandError(
                    .refused, "\(LogError.inUse(folder: folder, process: process, since: since))")
            } catch {
                // Whatever it is, it is not empty.
            }
        }
        throw CommandError(
            .refused,
            "\(path) is not empty; nothing was changed. Move it away, or name another with --data")
    }

    /// Copies and syncs; `FORMAT` comes last, so that what was cut short is no data folder.
    private func copy(from source: String, to target: String) throws {
        let files = PosixFileSystem()
        try PrivateFolder.make("\(target)/log")
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(source)/log").sorted()
        for name in names.map({ "log/\($0)" }) + ["FORMAT"] {
            try FileManager.default.copyItem(
                atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
            try files.open("\(target)/\(name)", creating: false).sync()
        }
        for folder in ["\(target)/log", target] { try files.syncFolder(folder) }
    }
}
