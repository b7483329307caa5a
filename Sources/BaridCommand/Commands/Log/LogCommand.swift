import ArgumentParser
import Barid
import BaridLog
import Foundation

/// `barid log`: the log's files, while no broker has them.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Look at, check and repair the log of a stopped broker.",
        discussion: """
            Examples:
              barid log info
              barid log verify --json
              barid log repair --accept-loss
            """,
        subcommands: [LogInfo.self, LogVerify.self, LogRepairCommand.self])
}

/// Which data folder; held so that no broker starts on it meanwhile.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data folder.", discussion: "Else BARID_DATA, the settings file, your own.",
            valueName: "folder"))
    var data: String?

    /// Takes the folder for this process.
    func folder() throws -> DataFolder {
        let path = try Settings(data: data).dataFolder.value
        guard FileManager.default.fileExists(atPath: "\(path)/log") else {
            throw CommandError(
                .noInput,
                "\(path): there is no log in it; name the data folder with --data")
        }
        do {
            return try DataFolder(path: path)
        } catch {
            throw CommandError(log: error)
        }
    }
}

extension CommandError {
    /// Why a log could not be looked at, with what to try.
    init(log error: any Error) {
        guard let error = error as? LogError else {
            self.init(.badInput, "the log cannot be used: \(error)")
            return
        }
        switch error {
        case .inUse:
            self.init(.temporary, "\(error); stop the broker first, as with `barid down`")
        case .damaged, .format: self.init(.badInput, error.description)
        default: self.init(.fileFailure, error.description)
        }
    }
}

/// `barid log verify`.
struct LogVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read every record and every checksum.",
        discussion: """
            Changes nothing. Damage is named with file, offset, records and events; exit code 65 \
            says that there is some.

            Examples:
              barid log verify
              barid log verify --data /backup/monday --json
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func run() async throws {
        let folder = try data.folder()
        let report = try LogReport.looked(at: folder)
        report.say(json: output.json, on: .output)
        guard report.isWhole else {
            throw CommandError(
                .badInput,
                "the log is damaged; restore a backup, or see `barid log repair --help`")
        }
    }
}

/// `barid log info`.
struct LogInfo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Say what the log holds, by segment.",
        discussion: """
            Examples:
              barid log info
              barid log info --json
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func run() async throws {
        let folder = try data.folder()
        let report = try LogReport.looked(at: folder)
        if !output.json {
            var table = Table([
                Table.Column("SEGMENT"), Table.Column("FIRST", isNumber: true),
                Table.Column("RECORDS", isNumber: true), Table.Column("SIZE", isNumber: true),
            ])
            for segment in report.segments {
                table.add([
                    Console.output.words((segment.file as NSString).lastPathComponent),
                    Formats.number(segment.firstPosition), Formats.number(segment.records),
                    Formats.bytes(UInt64(segment.bytes)),
                ])
            }
            for line in table.lines(on: .output) { Console.output.line(line) }
            Console.output.line()
        }
        report.say(json: output.json, on: .output)
    }
}

/// `barid log repair`.
struct LogRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make a damaged log usable, at the price of what is damaged.",
        discussion: """
            Every record that can be read stays. What cannot be read is given up, and groups count \
            it; the damaged files are kept in the data folder, under damaged-TIME. Without \
            --accept-loss nothing is changed. Restore a backup instead, if there is one.

            Examples:
              barid log repair                      say what would be lost
              barid log repair --accept-loss        give it up
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    @Flag(help: "Give up what cannot be read.")
    var acceptLoss = false

    func run() async throws {
        let folder = try data.folder()
        let found = try LogReport.looked(at: folder)
        guard !found.isWhole else {
            found.say(json: output.json, on: .output)
            return
        }
        guard acceptLoss else {
            found.say(json: output.json, on: .output)
            throw CommandError(
                .refused, "nothing was changed: to give up what is damaged, add --accept-loss")
        }
        let aside = "\(folder.path)/damaged-\(Int(Date().timeIntervalSince1970))"
        let report: LogReport
        do {
            report = try LogRepair(folder: folder.logPath, aside: aside).repair()
        } catch {
            throw CommandError(log: error)
        }
        report.say(json: output.json, on: .output)
        if !output.json {
            Console.output.line("Repaired. The damaged files are in \(aside).")
        }
    }
}
