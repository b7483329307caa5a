internal import BaridEngine
internal import BaridLog
internal import Logging

// What is done when there is time: sealing, snapshots, a look at the space.
extension Core {
    func rest() throws {
        guard !sealed, clock().monotonic - lastAppend >= configuration.sealAfter.nanoseconds
        else { return }
        try log.seal()
        sealed = true
        if log.durablePosition >= snapshotPosition + configuration.snapshotRecords {
            writeSnapshot()
        }
    }

    func writeSnapshot() {
        let position = log.durablePosition
        guard position == engine.durable.nextPosition - 1 else { return }
        do {
            try log.writeSnapshot(engine.durable.snapshot(), at: position)
            snapshotPosition = position
        } catch {
            // The log itself is whole; a start reads more of it.
            logger.warning("no snapshot was written", metadata: ["error": "\(error)"])
        }
    }

    func checkSpace() {
        let now = clock().monotonic
        guard lastSpaceCheck == .min || now - lastSpaceCheck >= 500_000_000 else { return }
        lastSpaceCheck = now
        let space = log.space
        let (sum, overflow) = space.ready.addingReportingOverflow(space.free)
        let left = overflow ? Int.max : sum
        let level: Input.StorageLevel
        if left < configuration.hardFreeBytes {
            level = .outputsRefused
        } else if left < configuration.softFreeBytes || space.used >= configuration.maximumLogBytes
        {
            level = .publishesRefused
        } else {
            level = .accepting
        }
        guard level != storage else { return }
        storage = level
        step(.storage(level))
        if level == .accepting {
            logger.info("publishes are taken again", metadata: ["bytes-left": "\(left)"])
        } else {
            logger.error(
                "publishes are refused: the log is full",
                metadata: ["bytes-left": "\(left)", "bytes-used": "\(space.used)"])
        }
    }
}
