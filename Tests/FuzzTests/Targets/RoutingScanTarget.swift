@testable import BaridEngine

/// The walk over a serialised event: ranges lie within it, and the same bytes say the same.
enum RoutingScanTarget: FuzzTarget {
    static let name = "routing-scan"

    static func take(_ bytes: [UInt8]) {
        guard let scan = try? RoutingScan(bytes[...]) else { return }
        let ranges = [scan.id, scan.source, scan.type, scan.subject, scan.partitionKey, scan.data]
        for range in ranges {
            expect(range.lowerBound >= 0 && range.upperBound <= bytes.count, "\(range)")
        }
        for range in [scan.id, scan.source, scan.type] {
            expect(!range.isEmpty, "an attribute that must be there is empty")
            expect(String(validating: bytes[range], as: UTF8.self) != nil, "not UTF-8")
        }
        // A slice that begins elsewhere is scanned alike.
        let shifted = [0] + bytes
        expect((try? RoutingScan(shifted[1...]))?.id == scan.id, "a slice is scanned otherwise")
    }
}
