internal import BaridEngine
internal import BaridLog
internal import Logging

// Starting on what the log holds.
extension Core {
    static func recover(
        _ log: any EventLog, logger: Logger
    ) throws -> (Durable, snapshot: UInt64) {
        var durable = Durable()
        var snapshotPosition: UInt64 = 0
        if let snapshot = try log.latestSnapshot(), snapshot.position <= log.durablePosition {
            do {
                durable = try Durable(snapshot: snapshot.bytes[...])
                snapshotPosition = snapshot.position
            } catch {
                // Everything is in the log too.
                logger.warning(
                    "the snapshot is of no use; reading the whole log",
                    metadata: ["position": "\(snapshot.position)", "error": "\(error)"])
                durable = Durable()
            }
        }
        guard log.firstPosition <= durable.nextPosition else {
            throw RecordFailure.inconsistent(
                "no snapshot can be used, and the log begins at record \(log.firstPosition) only; "
                    + "restore a backup")
        }
        while durable.nextPosition <= log.durablePosition {
            let entries = try log.read(
                from: durable.nextPosition, maximumBytes: 1 << 20, maximumCount: 4_096)
            guard !entries.isEmpty else {
                throw RecordFailure.inconsistent("no record \(durable.nextPosition)")
            }
            for entry in entries {
                guard entry.kind != LogEntry.lost else {
                    try durable.skipLost(position: entry.position)
                    continue
                }
                try durable.apply(
                    Record(kind: entry.kind, payload: entry.payload), position: entry.position,
                    wall: entry.wallTime)
            }
        }
        return (durable, snapshotPosition)
    }
}
