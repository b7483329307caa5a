internal import SwiftProtobuf

extension Google_Protobuf_Timestamp {
    /// A time in nanoseconds since 1970; earlier ones are 1970.
    init(nanoseconds: Int64) {
        let seconds = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : 0
        self.init(seconds: seconds, nanos: Int32(max(0, nanoseconds) % 1_000_000_000))
    }

    /// The time in nanoseconds since 1970, clamped to what 64 bits hold.
    var nanoseconds: Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowed) = scaled.addingReportingOverflow(Int64(nanos))
        guard overflow || overflowed else { return sum }
        return seconds < 0 ? .min : .max
    }
}
