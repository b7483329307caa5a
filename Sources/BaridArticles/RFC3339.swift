public import SwiftProtobuf

/// Reads instants as RFC 3339 writes them.
public enum RFC3339 {
    /// Returns the instant a string states.
    ///
    /// - Parameter string: As `2026-03-01T09:30:00+02:00`; a space may stand for `T`, fractions
    ///   of a second are kept to the nanosecond. A zone is needed: without it the instant is not
    ///   known.
    /// - Returns: The instant, nil when the string is anything else.
    public static func timestamp(_ string: String) -> Google_Protobuf_Timestamp? {
        var reader = Reader(bytes: Array(string.utf8))
        guard let year = reader.number(4), reader.skip("-"),
            let month = reader.number(2), reader.skip("-"), let day = reader.number(2),
            reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2),
            reader.skip(":"), let second = reader.number(2),
            (1...12).contains(month), (1...days(in: month, of: year)).contains(day),
            year >= 1, hour < 24, minute < 60, second <= 60
        else { return nil }
        let nanoseconds = reader.fraction()
        guard let offset = reader.zone(), reader.isAtEnd else { return nil }
        // A leap second is counted as the second before it: the scale has none.
        let time = hour * 3600 + minute * 60 + min(second, 59)
        return Google_Protobuf_Timestamp(
            seconds: Int64(daysSinceEpoch(year, month, day) * 86_400 + time - offset),
            nanos: Int32(nanoseconds))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the Gregorian calendar, by years that begin in March.
    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        mutating func number(_ digits: Int) -> Int? {
            guard at + digits <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[at..<(at + digits)] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            at += digits
            return value
        }

        mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard at < bytes.count, UInt32(bytes[at]) == scalar.value else { return false }
            at += 1
            return true
        }

        mutating func fraction() -> Int {
            guard skip(".") || skip(",") else { return 0 }
            var value = 0
            var digits = 0
            while let digit = number(1) {
                if digits < 9 { value = value * 10 + digit }
                digits += 1
            }
            while digits < 9 {
                value *= 10
                digits += 1
            }
            return value
        }

        /// Seconds east of Greenwich.
        mutating func zone() -> Int? {
            if skip("Z") || skip("z") { return 0 }
            let sign = skip("+") ? 1 : skip("-") ? -1 : 0
            guard sign != 0, let hours = number(2) else { return nil }
            _ = skip(":")
            guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}
