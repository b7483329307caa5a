@testable import BaridEngine

/// Records of the log: what is read is written back the same, and applying it never traps.
enum RecordTarget: FuzzTarget {
    static let name = "record"

    static func take(_ bytes: [UInt8]) {
        guard let kind = bytes.first,
            let record = try? Record(kind: kind, payload: bytes.dropFirst())
        else { return }
        let payload = record.encode().reduce(into: [UInt8]()) { $0 += $1 }
        guard let again = try? Record(kind: record.kind.rawValue, payload: payload[...]) else {
            return expect(false, "what was written cannot be read")
        }
        expect(again == record, "what was written reads otherwise")
        var durable = Durable()
        try? durable.apply(record, position: 1, wall: 0)
    }
}
