internal import Foundation
public import Logging

/// Logs to standard error: text on a terminal, else JSON lines that tools can read.
public struct StandardErrorLogHandler: LogHandler {
    /// Metadata of every line.
    public var metadata = Logger.Metadata()
    /// The least level that is written.
    public var logLevel: Logger.Level

    private let label: String
    private let isText: Bool

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: Name of the logger.
    ///   - level: The least level that is written. The default is info.
    public init(label: String, level: Logger.Level = .info) {
        self.label = label
        logLevel = level
        isText = isatty(2) == 1
    }

    /// Metadata of every line, by key.
    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line, in one system call, so that lines of many threads do not mix.
    public func log(event: LogEvent) {
        var all = metadata
        all.merge(event.metadata ?? [:]) { _, new in new }
        let line =
            isText
            ? Self.text(event.level, "\(event.message)", all)
            : Self.json(event.level, label, "\(event.message)", all)
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
    ) -> String {
        let fields = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        return visible("\(now()) \(level.rawValue) \(message)\(fields.joined())")
    }

    static func json(
        _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata
    ) -> String {
        var fields = [("time", now()), ("level", level.rawValue), ("logger", label)]
        fields.append(("message", message))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            fields.append((key, "\(value)"))
        }
        return "{" + fields.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
    }

    private static func now() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Control characters, which could steer a terminal, as what they are.
    private static func visible(_ text: String) -> String {
        var visible = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069:
                visible += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            default: visible.unicodeScalars.append(scalar)
            }
        }
        return visible
    }
}
