@testable import BaridEngine

/// Snapshots: any bytes are refused, or restore a state that gives the same state again.
enum SnapshotTarget: FuzzTarget {
    static let name = "snapshot"

    static func take(_ bytes: [UInt8]) {
        guard let durable = try? Durable(snapshot: bytes[...]) else { return }
        let written = durable.snapshot()
        guard let again = try? Durable(snapshot: written[...]) else {
            return expect(false, "what was written cannot be read")
        }
        expect(again.hash == durable.hash, "what was written restores another state")
    }
}
