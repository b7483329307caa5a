import Foundation
import Logging

/// Log lines on standard error: constant text and metadata, for people or as JSON.
struct StandardErrorLog: LogHandler {
    let label: String
    let format: BrokerCommand.LogFormat
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(label: String, format: BrokerCommand.LogFormat, level: Logger.Level) {
        self.label = label
        self.format = format
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var line: String
        switch format {
        case .text:
            line = "\(time) \(event.level) \(event.message)"
            for (key, value) in all { line += " \(key)=\(Self.printable("\(value)"))" }
        case .json:
            var object: [String: String] = [
                "time": time, "level": "\(event.level)", "message": "\(event.message)",
                "label": label,
            ]
            for (key, value) in all where object[key] == nil { object[key] = "\(value)" }
            let data = try? JSONSerialization.data(
                withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
            line = data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }
        line += "\n"
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Quoted where a space or control character would mislead.
    private static func printable(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
        return plain && !text.isEmpty ? text : "\"\(text.debugDescription.dropFirst().dropLast())\""
    }
}
