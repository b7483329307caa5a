import BaridProof
import Simulation

/// What runs came to, together.
struct Summary: Sendable {
    private(set) var seeds = 0
    private(set) var steps = 0
    private(set) var crashes = 0
    private(set) var counts = HistoryReport.Counts()

    init() {}

    init(_ run: SimulationRun) { add(run) }

    mutating func add(_ run: SimulationRun) {
        seeds += 1
        steps += run.steps
        crashes += run.crashes
        counts.tried += run.counts.tried
        counts.acknowledged += run.counts.acknowledged
        counts.refused += run.counts.refused
        counts.unknown += run.counts.unknown
        counts.unknownStored += run.counts.unknownStored
        counts.stored += run.counts.stored
        counts.delivered += run.counts.delivered
        counts.redelivered += run.counts.redelivered
        counts.acked += run.counts.acked
        counts.stale += run.counts.stale
        counts.deadLetters += run.counts.deadLetters
        counts.effects += run.counts.effects
        counts.lost += run.counts.lost
    }

    var line: String {
        """
        seeds \(seeds), steps \(steps), crashes \(crashes), published \(counts.acknowledged) \
        (unknown \(counts.unknown), of them stored \(counts.unknownStored), refused \
        \(counts.refused)), stored \(counts.stored), delivered \(counts.delivered) (again \
        \(counts.redelivered)), acked \(counts.acked), stale \(counts.stale), dead letters \
        \(counts.deadLetters), effects \(counts.effects), lost \(counts.lost)
        """
    }
}
