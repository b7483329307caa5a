internal import Foundation
public import Logging

/// Logs to standard error: text on a terminal, else JSON lines that tools can read.
public struct StandardErrorLogHandler: LogHandler {
    /// Metadata of every line.
    public var metadata = Logger.Metadata()
    /// The least level that is written.
    public var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: Name of the logger.
    ///   - level: The least level that is written. The default is info.
    ///   - format: How the lines look. The default is text on a terminal, else JSON.
    public init(label: String, level: Logger.Level = .info, format: LogFormat? = nil) {
        self.label = label
        logLevel = level
        self.format = format ?? .standard(for: 2)
    }

    /// Metadata of every line, by key.
    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line, in one system call, so that lines of many threads do not mix.
    public func log(event: LogEvent) {
        let bytes = Array((LogLine.make(format, event, label: label, metadata) + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
