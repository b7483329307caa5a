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

    /// Writes to this file.
    ///
    /// - Parameter path: Made when it is missing.
    public init(path: String) {
        self.path = path
    }

    /// The value of one key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { " \($0.key)=\(VisibleText.line("\($0.value)"))" }.joined()
        let text = "\(event.message)\(fields)"
        // Each line is one append, so that no lock is needed; there are few of them.
        let time = Date.now.formatted(.iso8601.time(includingFractionalSeconds: true))
        append("\(time) \(event.level) \(text)\n")
        if event.level >= .warning {
            FileHandle.standardError.write(Data("barid: \(text)\n".utf8))
        }
    }

    private func append(_ line: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = line.withCString { write(descriptor, $0, strlen($0)) }
    }
}
