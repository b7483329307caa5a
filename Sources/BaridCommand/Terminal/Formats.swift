import Foundation
import SwiftProtobuf

/// How numbers and times are shown to people.
enum Formats {
    /// "3 min 4 s", "2 d 5 h": the greatest unit and the next, and of many days the days.
    static func duration(_ seconds: Int64) -> String {
        let seconds = max(seconds, 0)
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        for (index, (length, name)) in units.enumerated() where seconds >= length {
            let count = seconds / length
            let text = "\(number(count)) \(name)"
            guard index + 1 < units.count, name != "d" || count < 100 else { return text }
            let (next, nextName) = units[index + 1]
            let rest = seconds % length / next
            return rest > 0 ? "\(text) \(rest) \(nextName)" : text
        }
        return "0 s"
    }

    /// "12 B", "3.4 KiB", "1.0 MiB".
    static func bytes(_ count: UInt64) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 || unit == "GiB" {
                return unit == "B" ? "\(count) B" : String(format: "%.1f %@", value, unit)
            }
            value /= 1024
        }
        return "\(count) B"
    }

    /// "1,048,576".
    static func number(_ value: some BinaryInteger) -> String {
        var digits = Array(String(value))
        var index = digits.count - 3
        let start = digits.first == "-" ? 1 : 0
        while index > start {
            digits.insert(",", at: index)
            index -= 3
        }
        return String(digits)
    }

    /// "1 article", "2 articles".
    static func count(_ count: Int, _ noun: String) -> String {
        "\(number(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// Local time to the second.
    static func time(_ time: Google_Protobuf_Timestamp) -> String {
        let date = Date(timeIntervalSince1970: Double(time.seconds))
        return date.formatted(
            Date.ISO8601FormatStyle(
                dateTimeSeparator: .space, timeZone: .current
            ).year().month().day().time(
                includingFractionalSeconds: false))
    }
}

extension Formats {
    /// Local time of day to the millisecond.
    static func clock(nanoseconds: UInt64) -> String {
        let date = Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
        return date.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).time(includingFractionalSeconds: true))
    }

    /// RFC 3339, UTC, to the millisecond.
    static func instant(nanoseconds: UInt64) -> String {
        let date = Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
