internal import BaridBroker
internal import BaridLog

/// Retention takes what no rule lets go, or what is still needed.
class RetentionMutant: Mutant {
    override var noticedBy: Set<String> { ["retention"] }
    override func adjust(_ plan: inout RunPlan) {
        plan.retention = Retention()
        plan.retention.acknowledged = true
        plan.core.retention.standard = plan.retention
        plan.core.retentionInterval = .milliseconds(200)
    }
}

/// What a group is not done with goes, and no rule says so.
final class GreedyRetention: RetentionMutant {
    override var name: String { "retention takes what a group is owed" }
    override func adjust(_ plan: inout RunPlan) {
        super.adjust(&plan)
        plan.core.retention.standard.events = 10
    }
}

/// A segment goes that is pinned by dead letters.
final class OverlookedPins: RetentionMutant {
    /// Parts as small as their last record: whatever lies before it is overlooked.
    private final class Narrow: WrappedLog {
        override func part(at index: Int) -> LogPart? {
            log.part(at: index).map { part in
                let last = part.positions.upperBound
                return LogPart(
                    positions: last...last, bytes: part.bytes, lastWallTime: part.lastWallTime)
            }
        }
    }

    override var name: String { "retention overlooks a pinned segment" }
    override func log(_ log: SegmentedLog) -> WrappedLog { Narrow(log) }
}

/// Files go before the snapshots are late enough to do without them.
final class EarlyTrim: RetentionMutant {
    private final class Early: WrappedLog {
        override var snapshotPositions: [UInt64] { [lastPosition, lastPosition + 1] }
    }

    override var name: String { "files go before the snapshots are later" }
    override func log(_ log: SegmentedLog) -> WrappedLog { Early(log) }
}
