internal import BaridBroker
internal import BaridEngine
internal import BaridLog
internal import BaridProof
internal import BaridSchema
internal import SimulatedDisk
internal import SwiftProtobuf

/// The machine the broker runs on: its disk, and one process after the other.
final class BrokerHost {
    private(set) var core: SteppedCore?
    /// Which start of the broker this is.
    private(set) var incarnation = 0
    private(set) var disk: FaultyDisk
    private(set) var log: WrappedLog?
    private(set) var crashes = 0
    /// The broker refused its log: the run is over.
    private(set) var isRefused = false
    /// Starts again after it died.
    var restarts = true

    private let plan: RunPlan
    private let mutant: Mutant
    private let timeline: Timeline
    private let recorder: Recorder
    private var chance: Chance
    /// Called when a broker has started.
    var started: () -> Void = {}
    private var dump: Dump
    private lazy var watch = StateWatch(
        RetentionAudit(
            rules: plan.retention, recorder: recorder,
            idOfEvent: { [unowned self] in idOfEvent($0, of: $1, from: $2) },
            wallBefore: { [unowned self] position in
                try? log?.read(from: position - 1, maximumBytes: 1, maximumCount: 1).first?.wallTime
            }))
    private var links: [Link] = []
    private var workAt: Int64?
    private var afterwards: [() -> Void] = []
    private var busyUntil: Int64 = 0
    /// What was durable before the broker last worked.
    private var durableBefore: UInt64 = 0

    init(
        plan: RunPlan, mutant: Mutant, timeline: Timeline, recorder: Recorder, seed: UInt64
    ) {
        self.plan = plan
        self.mutant = mutant
        self.timeline = timeline
        self.recorder = recorder
        chance = Chance(seed: seed ^ 0xB20CE2)
        disk = FaultyDisk()
        disk.seed(seed)
        disk.deferWork()
        dump = Dump(recorder: recorder)
    }

    // MARK: A process's life

    func start() {
        guard core == nil, !isRefused else { return }
        do {
            let opened = try SegmentedLog(
                folder: "log", settings: plan.log, files: mutant.fileSystem(disk))
            let log = mutant.log(opened)
            self.log = log
            log.snapshotLooks = plan.snapshotLooks
            log.beforeTrim = { [unowned self] in beforeTrim($0, opened) }
            let timeline = timeline
            let mutant = mutant
            let core = try SteppedCore(
                log: log, configuration: plan.core, key: HashKey(low: 7, high: chance.next()),
                clock: { mutant.instant(timeline.instant) })
            self.core = core
            recorder.say("broker started: epoch \(core.durable.epoch), \(opened.recovery)")
            if mutant.keepsState { watch.compareAfterRestart(with: core.durable, log, recorder) }
            durableBefore = log.durablePosition
            started()
            wake()
        } catch let error as LogError {
            log = nil
            switch error {
            case .damaged, .format:
                isRefused = true
                recorder.fail("durability", "the broker refuses its log: \(error)")
            case .full:
                again(after: .milliseconds(500))
            case .failed, .unreadable, .fenced, .entryTooLarge, .trimmed, .notDurable, .inUse,
                .setting, .closed:
                recorder.say("broker did not start: \(error)")
                die(powerLoss: disk.isDead)
            }
        } catch {
            isRefused = true
            recorder.fail("durability", "the broker cannot make sense of its log: \(error)")
        }
    }

    /// The process ends, or the machine loses power.
    func die(powerLoss: Bool) {
        crashes += 1
        core = nil
        log = nil
        incarnation += 1
        workAt = nil
        afterwards = []
        disk =
            powerLoss
            ? disk.afterPowerLoss(.some(seed: chance.next())) : disk.afterProcessDeath()
        recorder.say("broker died\(powerLoss ? " with its machine" : "")")
        drop()
        again(after: chance.between(.milliseconds(20), .milliseconds(800)))
    }

    /// Stops in good order, and starts again.
    func restartInOrder() {
        guard let core else { return }
        do {
            try core.process()
            try core.close()
        } catch {
            die(powerLoss: disk.isDead)
            return
        }
        recorder.say("broker stopped in good order")
        self.core = nil
        log = nil
        incarnation += 1
        workAt = nil
        disk = disk.afterProcessDeath()
        if chance.percent(50) { disk = disk.afterPowerLoss(.some(seed: chance.next())) }
        drop()
        again(after: chance.between(.milliseconds(20), .milliseconds(400)))
    }

    private func again(after delay: Int64) {
        guard restarts else { return }
        timeline.after(delay) { [self] in start() }
    }

    /// Every stream is over; clients notice one after the other.
    private func drop() {
        for link in links {
            link.cut(
                brokerKnowsAfter: 0,
                clientKnowsAfter: chance.between(.milliseconds(1), .milliseconds(900)))
        }
        links = []
    }

    /// A stream begins.
    func connect(_ link: Link) { links.append(link) }

    // MARK: Work

    /// The broker has something to do soon.
    func wake() { plan(at: timeline.now + 20_000) }

    /// Does something once the broker has worked next, if it lives.
    func afterWork(_ body: @escaping () -> Void) { afterwards.append(body) }

    /// The process stands still for a while, as under SIGSTOP.
    func pause(_ length: Int64) {
        busyUntil = max(busyUntil, timeline.now + length)
        recorder.say("broker stands still for \(length) ns")
    }

    private func plan(at time: Int64) {
        let time = max(time, busyUntil)
        if let workAt, workAt <= time { return }
        workAt = time
        timeline.after(time - timeline.now) { [self] in
            guard workAt == time else { return }
            workAt = nil
            work()
        }
    }

    private func work() {
        guard let core, let log else { return }
        guard timeline.now >= busyUntil else { return plan(at: busyUntil) }
        let before = log.durablePosition
        do {
            try core.process()
        } catch {
            recorder.say("broker ends: \(error)")
            die(powerLoss: disk.isDead || chance.percent(30))
            return
        }
        guard !disk.isDead else { return die(powerLoss: true) }
        if log.hasTrimmed {
            // At the time at which leases of what goes end.
            log.hasTrimmed = false
            watch.catchUp(log, recorder)
        }
        let waiting = afterwards
        afterwards = []
        for body in waiting { body() }
        if log.durablePosition > before { durableBefore = before }
        // A commit takes its time, in which others arrive; one that another thread syncs takes it
        // while the broker works.
        if disk.hasDeferredWork {
            workBeside()
            busyUntil = timeline.now + chance.between(20_000, 500_000)
        } else {
            busyUntil = timeline.now + chance.between(50_000, .milliseconds(3))
        }
        if mutant.keepsState, chance.percent(10) {
            watch.compare(with: core.durable, log, recorder)
        }
        if let wait = core.nextWait { plan(at: timeline.now + max(wait, 100_000)) }
    }

    /// Another thread is done some time later, if the machine is still there.
    private func workBeside() {
        timeline.after(chance.between(50_000, .milliseconds(3))) { [self, disk] in
            guard self.disk === disk, core != nil else { return }
            disk.workBeside()
            wake()
        }
    }

    // MARK: Retention

    /// Records go: what they hold is written down, and a start has to do without them, from the
    /// older snapshot too.
    private func beforeTrim(_ position: UInt64, _ log: SegmentedLog) {
        watch.catchUp(log, recorder)
        dump.write(log, through: position - 1)
        let snapshots = log.snapshotPositions
        guard snapshots.count > 1, let oldest = snapshots.first, oldest >= position - 1 else {
            recorder.fail("retention", "\(position) is not needed, with snapshots \(snapshots)")
            return
        }
        recorder.say("records before \(position) go")
    }

    /// The id of an event that the log holds at a position or after it.
    func idOfEvent(_ sequence: UInt64, of topic: TopicID, from first: UInt64) -> String? {
        guard let log else { return nil }
        var position = max(first, log.firstPosition)
        while position <= log.durablePosition {
            let entries = try? log.read(from: position, maximumBytes: 1 << 16, maximumCount: 64)
            guard let entries, let last = entries.last else { return nil }
            for entry in entries {
                guard let block = try? Record.events(kind: entry.kind, payload: entry.payload),
                    block.topic == topic, sequence >= block.firstSequence,
                    sequence - block.firstSequence < UInt64(block.events.count)
                else { continue }
                let bytes = block.events[Int(sequence - block.firstSequence)].bytes
                return (try? Barid_Bus_V1_Event(serializedBytes: Array(bytes)))?.id
            }
            position = last.position + 1
        }
        return nil
    }

    /// Writes what log, groups and index hold at the end.
    func writeDump(_ index: IndexStore) {
        guard let core, let log else { return }
        dump.write(log, through: log.durablePosition)
        dump.write(core.durable, index)
    }

    // MARK: Checks and faults

    /// Compares the state with a replay of the log.
    func compareState() {
        guard let core, let log else { return }
        watch.compare(with: core.durable, log, recorder)
    }

    /// A writer with another idea of the last position is refused, and nothing changes.
    func checkFence() {
        guard let log, core != nil else { return }
        let last = log.lastPosition
        let entry = NewLogEntry(kind: 1, wallTime: 0, payload: [[1, 2, 3]])
        do throws(LogError) {
            _ = try log.append([entry], expecting: last &+ 1)
            recorder.fail("fence", "an append that expected another position was taken")
        } catch {
            if case .fenced = error, log.lastPosition == last { return }
            // It failed before, and takes nothing from anybody.
            if case .failed = error, log.lastPosition == last { return }
            recorder.fail("fence", "an append that expected another position: \(error)")
        }
    }

    /// Changes a bit on a copy of the disk: it is noticed, or does not matter.
    func checkBitFlip() {
        guard let log, mutant.keepsState,
            let name = chance.pick((try? disk.list("log")) ?? []),
            let size = disk.contents("log/\(name)")?.count, size > 0
        else { return }
        let (byte, bit) = (chance.below(size), chance.below(8))
        let copy = disk.flipping(bit: bit, ofByte: byte, in: "log/\(name)")
        let place = "bit \(bit) of byte \(byte) of \(name)"
        do throws(LogError) {
            let spoilt = try SegmentedLog(folder: "log", settings: plan.log, files: copy)
            try compare(spoilt, with: log, place)
        } catch {
            guard case .damaged(let damage) = error else {
                guard case .format = error else {
                    recorder.fail("damage", "\(place) changed: \(error)")
                    return
                }
                return  // The version is not ours any more, which is said.
            }
            // It is named with its file.
            if !damage.file.hasPrefix("log/") || damage.offset < 0 {
                recorder.fail("damage", "\(place) changed, and \(damage) is named")
            }
        }
    }

    private func compare(
        _ spoilt: SegmentedLog, with log: any EventLog, _ place: String
    ) throws(LogError) {
        // Rot in a last commit that nothing follows yet is taken for a crash; no more than that.
        if spoilt.durablePosition < min(durableBefore, log.durablePosition) {
            recorder.fail(
                "damage",
                "\(place) changed: the log ends at \(spoilt.durablePosition) without a word, "
                    + "and \(log.durablePosition) was durable")
        }
        var position = log.firstPosition
        while position <= spoilt.durablePosition {
            let here = try log.read(from: position, maximumBytes: 1 << 16, maximumCount: 64)
            let there = try spoilt.read(from: position, maximumBytes: 1 << 16, maximumCount: 64)
            guard let count = [here.count, there.count].min(), count > 0 else { return }
            if here.prefix(count) != there.prefix(count) {
                recorder.fail("damage", "\(place) changed, and another record is read")
                return
            }
            position += UInt64(count)
        }
    }

    /// The disk has so much room, or as much as it wants.
    func limitDisk(to room: Int?) {
        disk.limit(to: room.map { disk.usedBytes + $0 } ?? .max)
        recorder.say("disk: room \(room ?? -1)")
    }
}
