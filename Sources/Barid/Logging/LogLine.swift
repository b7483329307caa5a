internal import BaridTracing
internal import Foundation
package import Logging

/// One log line, as every process of Barid writes it (Protocols/8-observability §3).
package enum LogLine {
    /// The line, without its end.
    ///
    /// - Parameters:
    ///   - format: How it looks.
    ///   - event: What is logged; its metadata goes before the handler's.
    ///   - label: Name of the logger.
    ///   - metadata: The handler's.
    /// - Returns: The line.
    package static func make(
        _ format: LogFormat, _ event: LogEvent, label: String, _ metadata: Logger.Metadata
    ) -> String {
        var all = metadata
        all.merge(event.metadata ?? [:]) { _, new in new }
        return switch format {
        case .text: text(event.level, "\(event.message)", all)
        case .json: json(event.level, label, "\(event.message)", all)
        }
    }

    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
    ) -> String {
        let fields = metadata.sorted { $0.key < $1.key }.map {
            " \($0.key)=\(value("\($0.value)"))"
        }
        return visible("\(now()) \(level.rawValue) \(message)\(fields.joined())")
    }

    static func json(
        _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata
    ) -> String {
        var fields = [("time", now()), ("level", level.rawValue), ("logger", label)]
        fields.append(("message", message))
        let taken = fields.map(\.0)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            fields.append((taken.contains(key) ? "\(key)_" : key, "\(value)"))
        }
        return "{" + fields.map { "\($0.0.quotedJSON):\($0.1.quotedJSON)" }.joined(separator: ",")
            + "}"
    }

    private static func now() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// A value in a text line: quoted where it would be taken for something else.
    private static func value(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" }
        return isPlain && !text.isEmpty ? text : "\"\(text.replacing("\"", with: "\\\""))\""
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
