internal import BaridBroker
internal import BaridEngine
internal import BaridLog

/// Sizes and times of a run, drawn from its seed: small ones, so that limits are met.
struct RunPlan {
    var core = CoreConfiguration()
    var log = SegmentedLogSettings()
    var lease: Int64
    var publishers: Int
    var workers: Int
    var keys: Int
    /// How long faults go on.
    var duration: Int64
    /// Time between faults, on average.
    var faultEvery: Int64
    /// Faults of this run; each run has some of them only, so that each is met alone too.
    var faults: [Fault]
    /// What operators ask for.
    var operations: [Operation.Kind] = [
        .pause, .replay, .replay, .retry, .retry, .reset, .reset, .delete, .purge,
    ]
    /// What the broker is to keep, as operators think.
    var retention = Retention()
    /// Looks for its outcome until a snapshot in the background is stored, at most.
    var snapshotLooks: Int

    /// What may go wrong, and how often compared with the others.
    enum Fault: Int, CaseIterable {
        case cut, pause, processDeath, powerLoss, powerLossAtWork, syncPowerLoss, syncDataGone
        case writeError, full, clock, brokerPause, cleanRestart, bitFlip, operate

        var weight: Int {
            switch self {
            case .cut: 30
            case .pause: 10
            case .processDeath, .powerLoss, .powerLossAtWork: 8
            case .clock: 8
            case .syncPowerLoss, .syncDataGone, .cleanRestart, .full, .brokerPause: 4
            case .writeError: 2
            case .bitFlip: 3
            case .operate: 12
            }
        }
    }

    init(seed: UInt64) {
        var chance = Chance(seed: seed ^ 0xBA41D)
        lease = chance.between(.milliseconds(300), .seconds(3))
        publishers = 1 + chance.below(3)
        workers = 3 + chance.below(5)
        keys = 1 + chance.below(6)
        duration = chance.between(.seconds(8), .seconds(25))
        faultEvery = chance.between(.milliseconds(400), .seconds(3))
        faults = Fault.allCases.filter { _ in chance.percent(70) }
        snapshotLooks = chance.below(6)
        if chance.percent(60) { retention = Self.retention(&chance) }
        core.retention.standard = retention
        core.retentionInterval = .milliseconds(chance.between(200, 2_000))
        core.engine.lease = .nanoseconds(lease)
        core.engine.maximumDeliveries = UInt32(2 + chance.below(4))
        core.engine.maximumReleases = UInt32(3 + chance.below(20))
        core.engine.backoff = [.milliseconds(50), .milliseconds(chance.between(100, 800))]
        core.engine.maximumDelay = .seconds(5)
        core.engine.maximumWindow = 4 + chance.below(60)
        core.engine.maximumWindowBytes = 1_000 + chance.below(20_000)
        core.engine.fetchEvents = 1 + chance.below(16)
        core.engine.fetchBytes = 500 + chance.below(16_000)
        core.engine.identities = Self.identities
        // Whatever the wall clock does.
        core.engine.identityAge = .seconds(4_000_000_000)
        core.engine.flushInterval = .milliseconds(chance.between(50, 1_000))
        core.commitBytes = 500 + chance.below(20_000)
        core.softFreeBytes = 64 << 10
        core.hardFreeBytes = 32 << 10
        core.sealAfter = .milliseconds(chance.between(20, 300))
        core.snapshotRecords = UInt64(50 + chance.below(400))
        core.idleSnapshotRecords = UInt64(10 + chance.below(200))
        log.segmentBytes = 8_192 + 4_096 * chance.below(8)
        log.smallSegmentBytes = 8_192
        // Nothing in the background: a run has one thread.
        log.spares = 0
        log.commitBytes = 500 + chance.below(8_000)
        log.maximumPayloadBytes = 1 << 20
        log.readBytes = 4_096 + chance.below(16_000)
        log.cacheBytes = chance.below(40_000)
        log.indexBytes = 200 + chance.below(4_000)
        core.asideBytes = chance.pick([0, 1_000, 4_000, .max]) ?? 0
    }

    /// Rules that take something in runs as short as these.
    private static func retention(_ chance: inout Chance) -> Retention {
        var rules = Retention()
        rules.acknowledged = chance.percent(60)
        if chance.percent(25) { rules.age = .milliseconds(chance.between(500, 10_000)) }
        if chance.percent(25) { rules.bytes = UInt64(20_000 + chance.below(100_000)) }
        if chance.percent(25) { rules.events = UInt64(20 + chance.below(200)) }
        return rules
    }

    /// Repeats of one generation, so that windows rotate within a run.
    static let identities = 256
}
