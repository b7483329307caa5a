public import Barid
import Foundation
public import Logging

/// Log of the supervisor itself: every line into its file, warnings also to standard error.
public struct SupervisorLog: LogHandler {
    /// Added to every line.
    public var metadata = Logger.Metadata()

    /// Lines below it are left out.
    ///
    /// The default is info.
    public var logLevel = Logger.Level.info

    private let path: String
    private let label: String
    private let format: LogFormat

    /// Writes to this file.
    ///
    /// - Parameters:
    ///   - path: Made when it is missing.
    ///   - label: Name of the logger.
    ///   - format: How the lines of the file look. The default is JSON, as no file is a terminal.
    public init(path: String, label: String, format: LogFormat = .json) {
        self.path = path
        self.label = label
        self.format = format
    }

    /// The value of one key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        // Each line is one append, so that no lock is needed; there are few of them.
        append(LogLine.make(format, event, label: label, metadata) + "\n")
        guard event.level >= .warning else { return }
        // Standard error is a person's: the words, without time and level.
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { " \($0.key)=\(VisibleText.line("\($0.value)"))" }.joined()
        FileHandle.standardError.write(Data("barid: \(event.message)\(fields)\n".utf8))
    }

    private func append(_ line: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = line.withCString { write(descriptor, $0, strlen($0)) }
    }
}
