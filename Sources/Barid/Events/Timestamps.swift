internal import SwiftProtobuf

/// RFC 3339 instants, as CloudEvents writes them, to the nanosecond.
enum Timestamps {
    private static let secondsPerDay: Int64 = 86_400
    /// 0001-01-01T00:00:00Z and the last second of the year 9999.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    static func isValid(_ time: Google_Protobuf_Timestamp) -> Bool {
        range.contains(time.seconds) && (0..<1_000_000_000).contains(time.nanos)
    }

    /// `2026-01-02T03:04:05.5Z`: always UTC, no trailing zeros.
    static func text(_ time: Google_Protobuf_Timestamp) -> String {
        let (days, second) = time.seconds.dividedFloor(by: secondsPerDay)
        let (year, month, day) = civil(days: days)
        var text = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
        text += "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
        if time.nanos > 0 {
            var fraction = pad(Int64(time.nanos), 9)
            while fraction.last == "0" { fraction.removeLast() }
            text += ".\(fraction)"
        }
        return text + "Z"
    }

    /// Reads an RFC 3339 date-time; `nil` if it is none or finer than a nanosecond.
    static func parse(_ text: String) -> Google_Protobuf_Timestamp? {
        var rest = Array(text.utf8)[...]
        guard let year = number(&rest, 4), skip(&rest, "-"), let month = number(&rest, 2),
            skip(&rest, "-"), let day = number(&rest, 2), skip(&rest, "Tt"),
            let hour = number(&rest, 2), skip(&rest, ":"), let minute = number(&rest, 2),
            skip(&rest, ":"), let second = number(&rest, 2),
            year >= 1, (1...12).contains(month), (1...length(year, month)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var nanos: Int64 = 0
        if skip(&rest, ".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...9).contains(digits.count) else { return nil }
            for index in 0..<9 {
                let digit = index < digits.count ? digits[digits.startIndex + index] - 0x30 : 0
                nanos = nanos * 10 + Int64(digit)
            }
            rest = rest.dropFirst(digits.count)
        }
        guard let offset = offset(&rest), rest.isEmpty else { return nil }
        let time = Google_Protobuf_Timestamp(
            seconds: days(year, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second
                - offset, nanos: Int32(nanos))
        return isValid(time) ? time : nil
    }

    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if skip(&rest, "Zz") { return 0 }
        let sign: Int64
        if skip(&rest, "+") { sign = 1 } else if skip(&rest, "-") { sign = -1 } else { return nil }
        guard let hour = number(&rest, 2), skip(&rest, ":"), let minute = number(&rest, 2),
            hour < 24, minute < 60
        else { return nil }
        return sign * (hour * 3600 + minute * 60)
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int64? {
        guard rest.count >= digits else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(digits) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        rest = rest.dropFirst(digits)
        return value
    }

    private static func skip(_ rest: inout ArraySlice<UInt8>, _ any: String) -> Bool {
        guard let byte = rest.first, any.utf8.contains(byte) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func length(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted from March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.dividedFloor(by: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).dividedFloor(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func dividedFloor(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
