internal import BaridEngine
internal import BaridLog
internal import Logging

// What is done when there is time: sealing, snapshots, a look at the space.
extension Core {
    func rest() throws {
        guard !sealed, underWay == nil,
            clock().monotonic - lastAppend >= configuration.sealAfter.nanoseconds
        else { return }
        try log.seal()
        sealed = true
        if recordsSinceSnapshot >= configuration.idleSnapshotRecords { beginSnapshot() }
    }

    /// Syncs commits that have waited as long as interval durability lets them.
    func syncWhatWaited() throws {
        guard let since = unsyncedSince, let interval = durability.syncInterval,
            clock().monotonic - since >= interval.nanoseconds
        else { return }
        let began = clock().monotonic
        try log.sync()
        figures.syncs.add(clock().monotonic &- began)
        unsyncedSince = nil
    }

    /// Sees to it that a start after a crash has little to replay, however busy the broker is.
    ///
    /// The state is a value, so that another thread may encode it while this one goes on.
    func keepSnapshotFresh() throws {
        if snapshotIsUnderWay { takeSnapshotOutcome() }
        guard
            recordsSinceSnapshot >= configuration.snapshotRecords
                || bytesSinceSnapshot >= configuration.snapshotBytes, mayBeginSnapshot
        else { return }
        // The state is that of everything dealt with, which has to be durable.
        try flush()
        beginSnapshot()
    }

    /// Records that a start from the latest snapshot would have to replay.
    private var recordsSinceSnapshot: UInt64 {
        log.durablePosition - min(log.durablePosition, snapshotPosition)
    }

    /// After one that failed the disk is left in peace for a while.
    private var mayBeginSnapshot: Bool {
        !snapshotIsUnderWay
            && (snapshotFailed == .min || clock().monotonic - snapshotFailed >= 10_000_000_000)
    }

    func beginSnapshot() {
        let position = log.durablePosition
        guard mayBeginSnapshot, position == engine.durable.nextPosition - 1 else { return }
        bytesSinceSnapshot = 0
        let durable = engine.durable
        do {
            switch try log.beginSnapshot(at: position, { durable.snapshot() }) {
            case .stored: snapshotPosition = position
            case .underWay: snapshotIsUnderWay = true
            }
        } catch {
            complainOfSnapshot(error)
        }
    }

    private func takeSnapshotOutcome() {
        do {
            guard let position = try log.takeSnapshotOutcome() else { return }
            snapshotPosition = position
            snapshotIsUnderWay = false
        } catch {
            snapshotIsUnderWay = false
            complainOfSnapshot(error)
        }
    }

    private func complainOfSnapshot(_ error: any Error) {
        snapshotFailed = clock().monotonic
        // The log itself is whole; a start reads more of it.
        logger.warning("no snapshot was written", metadata: ["error": "\(error)"])
    }

    /// The last snapshot before the end: the next start replays nothing.
    func writeLastSnapshot() {
        let position = log.durablePosition
        guard position == engine.durable.nextPosition - 1, position > snapshotPosition else {
            return
        }
        do {
            try log.writeSnapshot(engine.durable.snapshot(), at: position)
            snapshotPosition = position
        } catch {
            complainOfSnapshot(error)
        }
    }

    /// Looks at the room left: now and then, and whenever much was written since.
    func checkSpace() {
        let now = clock().monotonic
        guard
            lastSpaceCheck == .min || now - lastSpaceCheck >= 500_000_000
                || bytesSinceSpaceCheck >= max(configuration.reserveBytes / 4, 1 << 20)
        else { return }
        lastSpaceCheck = now
        bytesSinceSpaceCheck = 0
        forgetIndex()
        let space = log.space
        let (sum, overflow) = space.ready.addingReportingOverflow(space.free)
        let left = overflow ? Int.max : sum
        let (level, refusal) = level(left: left, written: space.written)
        if !engine.isDraining { acceptance.set(refusal) }
        guard level != storage else { return }
        storage = level
        step(.storage(level))
        let metadata: Logger.Metadata = [
            "reason": "\(refusal?.rawValue ?? "")", "bytes-left": "\(left)",
            "bytes-written": "\(space.written)",
        ]
        switch level {
        case .accepting: logger.info("publishes are taken again", metadata: metadata)
        case .publishesRefused: logger.error("publishes are refused", metadata: metadata)
        case .outputsRefused:
            logger.error("publishes and outputs are refused", metadata: metadata)
        }
    }

    /// Protocols/2-bus §14: what is taken with so much room left and so much written.
    func level(left: Int, written: Int) -> (Input.StorageLevel, NotAccepting?) {
        let maximum = configuration.maximumLogBytes
        let (end, overflow) = maximum.addingReportingOverflow(configuration.reserveBytes)
        if left < configuration.hardFreeBytes { return (.outputsRefused, .diskFloor) }
        if !overflow, written >= end { return (.outputsRefused, .logMaximum) }
        if left < configuration.softFreeBytes { return (.publishesRefused, .diskFloor) }
        if written >= maximum { return (.publishesRefused, .logMaximum) }
        return (.accepting, nil)
    }
}
