internal import ArgumentParser
internal import Foundation
internal import GRPCCore
internal import Logging
internal import SwiftProtobuf

/// What a line of `process` is.
enum ProcessForm: String, ExpressibleByArgument, CaseIterable {
    case article, event, text
}

/// `process`: does the plugin's work on files, without a broker.
struct ProcessCommand<Work: Plugin>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "process", abstract: "Do the work on files, without a broker.",
            discussion: """
                Reads one input a line and writes its results one a line: bodies as JSON \
                (article), events as CloudEvents JSON (event), or plain text in and bodies out \
                (text). A plugin that reads raw files takes any file that is not .jsonl or .ndjson \
                whole. A bad line is told on standard error, the rest goes on, and the exit code \
                is 65.
                """)
    }

    @Argument(
        help: ArgumentHelp("Files to read; - is standard input (the default).", valueName: "file"),
        completion: .file())
    var files: [String] = ["-"]

    @Option(name: .customLong("as"), help: "What a line is: article, event or text.")
    var form: ProcessForm = .article

    @OptionGroup var options: PluginOptions

    func run() async throws {
        let name = PluginCommand<Work>.configuration.commandName ?? ""
        try await CommandFailure.told(name) {
            let found = try Settings()
            // Log lines would only stand in the way of the errors told here.
            options.log.bootstrap(found, standard: .error)
            let manifest = try options.manifest(of: Work.self)
            let settings = try options.settings(
                of: manifest, file: found.plugins[manifest.name] ?? [:],
                environment: ProcessInfo.processInfo.environment)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "\(name)-\(UUID().uuidString)").path
            try PrivateFolder.make(folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let logger = Logger(label: name)
            let work = try await Work.work(
                PluginSetup(
                    dataFolder: folder, stateFolder: folder, settings: settings, logger: logger))
            var processor = Processor(
                worker: manifest.name, handlers: work.handlers.map { HandlerBinding($0) },
                form: form,
                stateFolder: folder, settings: settings, deadline: manifest.limits.deadline,
                logger: logger)
            for file in files { await processor.process(file) }
            try await work.close()
            if let failure = processor.failure { throw failure }
        }
    }
}

/// Works through files, tells what fails and goes on.
private struct Processor {
    let worker: String
    let handlers: [HandlerBinding]
    let form: ProcessForm
    let stateFolder: String
    let settings: [String: String]
    let deadline: Duration
    let logger: Logger
    /// The exit code of the first failure.
    private(set) var failure: ExitCode?
    private var number = 0

    init(
        worker: String, handlers: [HandlerBinding], form: ProcessForm, stateFolder: String,
        settings: [String: String], deadline: Duration, logger: Logger
    ) {
        self.worker = worker
        self.handlers = handlers
        self.form = form
        self.stateFolder = stateFolder
        self.settings = settings
        self.deadline = deadline
        self.logger = logger
    }

    mutating func process(_ file: String) async {
        let bytes: [UInt8]
        do {
            bytes = try Self.read(file)
        } catch {
            return fail(
                file,
                RPCError(code: .notFound, message: "cannot be read: \(error.localizedDescription)"))
        }
        if form == .article, !Self.isLines(file, bytes),
            await process(.file(bytes, name: file == "-" ? "" : file), file)
        {
            return
        }
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            .enumerated()
        {
            var line = line
            if line.last == 0x0d { line.removeLast() }
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
            await process(line: Array(line), "\(file):\(index + 1)")
        }
    }

    /// Lines by their name; standard input by its first byte.
    private static func isLines(_ file: String, _ bytes: [UInt8]) -> Bool {
        guard file == "-" else { return file.hasSuffix(".jsonl") || file.hasSuffix(".ndjson") }
        return bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "{")
    }

    private static func read(_ file: String) throws -> [UInt8] {
        let handle =
            try file == "-"
            ? FileHandle.standardInput
            : FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        return Array(try handle.readToEnd() ?? Data())
    }

    private mutating func process(line: [UInt8], _ place: String) async {
        switch form {
        case .article: _ = await process(.line(line), place)
        case .text:
            guard let text = String(validating: line, as: UTF8.self) else {
                return fail(place, RPCError(code: .invalidArgument, message: "this is not UTF-8"))
            }
            if await !process(.text(text), place) {
                fail(
                    place,
                    RPCError(code: .invalidArgument, message: "\(worker) does not read plain text"))
            }
        case .event:
            do {
                let event = try EventEnvelope(json: line)
                guard let handler = handlers.first(where: { $0.eventType == event.type }) else {
                    throw RPCError(
                        code: .unimplemented, message: "\(worker) does not take \(event.type)")
                }
                try await handle(event, handler)
            } catch {
                fail(place, RPCError(handlerError: error))
            }
        }
    }

    /// Handles an input; false if the plugin does not read such a thing.
    private mutating func process(_ input: ProcessInput, _ place: String) async -> Bool {
        number += 1
        do {
            guard let handler = handlers.first,
                let event = try handler.read(input, "process-\(number)")
            else { return false }
            try await handle(event, handler)
        } catch {
            fail(place, RPCError(handlerError: error))
        }
        return true
    }

    private func handle(_ event: EventEnvelope, _ handler: HandlerBinding) async throws {
        let context = HandlerContext(
            event: event, logger: logger, worker: worker, attempt: 1, replay: 0, sequence: 0,
            stateFolder: stateFolder, settings: settings,
            deadline: HandlerDeadline(.now + deadline))
        let outputs = try await HandlerExecutor.run { try await handler.handle(event, context) }
        for (index, output) in outputs.enumerated() {
            switch form {
            case .article, .text: try print(bytes: Array(output.jsonUTF8Data()))
            case .event:
                try print(
                    bytes: event.output(output, worker: worker, index: index, replay: 0).json())
            }
        }
    }

    private func print(bytes: [UInt8]) throws {
        try FileHandle.standardOutput.write(contentsOf: bytes + [0x0a])
    }

    private mutating func fail(_ place: String, _ error: RPCError) {
        CommandFailure.tell("\(place): \(error.message)")
        if failure == nil { failure = ExitCode(error.code) }
    }
}
