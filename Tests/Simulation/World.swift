internal import BaridBroker
internal import BaridEngine
internal import BaridProof
internal import BaridSchema

/// One run: a broker on its machine, its clients, the network between them, and what goes wrong.
///
/// Everything happens on one thread, in an order that the seed alone decides.
final class World {
    let seed: UInt64
    let plan: RunPlan
    let mutant: Mutant
    let timeline = Timeline()
    let recorder: Recorder
    let host: BrokerHost
    /// Revisions of events, over all publishers.
    var revision: UInt64 = 0
    var index = IndexStore()
    /// Faults are over.
    private(set) var isHealed = false
    var chance: Chance
    private var publishers: [Publisher] = []
    private var workers: [Worker] = []
    private var readers: [FollowingReader] = []
    private var lastLink: UInt64 = 0
    private var revisions: [String: UInt64] = [:]
    var created: Set<String> = []
    /// Which life each group is in.
    var lives: [String: UInt64] = [:]
    /// Numbers of groups that are no more.
    var deleted: [GroupID] = []
    /// What was asked for and is not answered.
    var asked: [Operation] = []
    /// Groups that are paused for certain.
    var pauses: [String: Pauses] = [:]

    /// A group of the runs: its topic, filter and where it starts.
    struct Group {
        var name: String
        var topic: String
        var types: [String]
        var start: SubscriptionRequest.Start
    }

    static let groups = [
        Group(name: "index", topic: "articles", types: [], start: .first),
        Group(name: "even", topic: "articles", types: ["even.>", "out.*"], start: .first),
        Group(name: "late", topic: "articles", types: ["odd.v1"], start: .new),
        Group(name: "notes", topic: "comments", types: [], start: .first),
    ]

    init(seed: UInt64, mutant: Mutant = Mutant(), isTracing: Bool = false) {
        self.seed = seed
        self.mutant = mutant
        var plan = RunPlan(seed: seed)
        mutant.adjust(&plan)
        // Without the watch over the state nobody would say what retention takes.
        if !mutant.keepsState { plan.core.retention = RetentionRules() }
        self.plan = plan
        recorder = Recorder(timeline: timeline, isTracing: isTracing)
        host = BrokerHost(
            plan: plan, mutant: mutant, timeline: timeline, recorder: recorder, seed: seed)
        chance = Chance(seed: seed)
    }

    /// Runs it from beginning to end.
    func run() {
        begin()
        timeline.run(until: timeline.now + plan.duration, unless: { host.isRefused })
        guard !host.isRefused else { return }
        heal()
        finish()
    }

    /// Lets go of all who hold on to it; nothing runs any more.
    func end() {
        timeline.clear()
        (publishers, workers, readers) = ([], [], [])
    }

    private func begin() {
        for (name, value) in [
            ("liveness_ns", Int64.seconds(200)), ("identity_window", Int64(RunPlan.identities)),
            ("deliveries_over_credit", 0),
        ] {
            recorder.add(.limit, "") {
                $0.name = name
                $0.value = value
            }
        }
        host.started = { [unowned self] in brokerStarted() }
        host.start()
        for group in Self.groups {
            let delay = group.name == "late" ? chance.between(0, plan.duration / 2) : 0
            timeline.after(delay) { [self] in create(group) }
        }
        for number in 0..<plan.publishers {
            publishers.append(Publisher(number: number, world: self))
        }
        for number in 0..<plan.workers {
            let group = Self.groups[number % Self.groups.count]
            workers.append(Worker(number: number, group: group, world: self))
        }
        readers = [FollowingReader(topic: "articles", world: self)]
        for publisher in publishers { publisher.begin() }
        for worker in workers { worker.begin() }
        for reader in readers { reader.begin() }
        planFault()
    }

    func create(_ group: Group) {
        guard let core = host.core else {
            timeline.after(.milliseconds(100)) { [self] in create(group) }
            return
        }
        let answered = Answer()
        let incarnation = host.incarnation
        core.createGroup(
            SubscriptionRequest(
                topic: group.topic, group: group.name, types: group.types, start: group.start)
        ) { _ in answered.isGiven = true }
        host.wake()
        timeline.after(.milliseconds(100)) { [self] in
            guard answered.isGiven, host.incarnation == incarnation,
                let durable = host.core?.durable,
                let found = durable.groups.first(where: {
                    $0.definition.name == group.name && !$0.isDeleted
                })
            else { return create(group) }
            created.insert(group.name)
            recorder.add(.group, "broker") {
                $0.group = group.name
                $0.topic = group.topic
                $0.types = group.types
                $0.life = life(of: group.name)
                $0.offset = found.definition.start
            }
        }
    }

    /// Whether an answer came; written and read on the one thread of the run.
    private final class Answer: @unchecked Sendable {
        var isGiven = false
    }

    // MARK: What clients use

    /// Whether a group stands, so that workers may join it without making it themselves.
    func isCreated(_ group: String) -> Bool { created.contains(group) }

    /// Opens a stream.
    func connect(_ client: any LinkClient) -> Link {
        lastLink += 1
        let link = Link(
            id: lastLink, host: host, client: client, timeline: timeline, seed: seed)
        host.connect(link)
        return link
    }

    /// The name of an event in the log.
    func nameOfEvent(_ sequence: UInt64, _ topic: String, at position: UInt64) -> String? {
        guard let id = host.core?.durable.topic(named: topic) else { return nil }
        return host.idOfEvent(sequence, of: id, from: position).map { "\(topic)/\($0)" }
    }

    /// Records that an event is about to be sent.
    func recordTry(_ event: SimulatedEvent, by actor: String) {
        recorder.add(.publishTry, actor) {
            $0.event = event.name
            $0.hash = event.hash
            $0.key = event.key
            $0.type = event.type
            $0.topic = event.topic
            $0.revision = event.revision
        }
        revisions[event.name] = event.revision
    }

    /// What a worker makes of an event it got.
    func event(_ wire: Barid_Bus_V1_Event, topic: String) -> SimulatedEvent {
        var event = SimulatedEvent(
            id: wire.id, topic: topic, type: wire.type, key: wire.subject, data: wire.textData)
        event.revision = revisions[event.name] ?? 0
        return event
    }

    // MARK: Faults

    private func planFault() {
        timeline.after(chance.between(1, 2 * plan.faultEvery)) { [self] in
            guard !isHealed else { return }
            fault()
            planFault()
        }
    }

    private func fault() {
        if chance.percent(10) { host.checkFence() }
        let total = plan.faults.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return }
        var number = chance.below(total)
        let fault = plan.faults.first {
            number -= $0.weight
            return number < 0
        }
        guard let fault else { return }
        recorder.say("fault: \(fault)")
        inject(fault)
    }

    private func inject(_ fault: RunPlan.Fault) {
        switch fault {
        case .cut:
            switch chance.below(4) {
            case 0: chance.pick(publishers)?.cut()
            case 1 where chance.percent(30): readers.first?.cut()
            default: chance.pick(workers)?.cut()
            }
        case .pause:
            chance.pick(workers)?.pause(chance.between(plan.lease / 2, plan.lease * 3))
        case .processDeath: if host.core != nil { host.die(powerLoss: false) }
        case .powerLoss: if host.core != nil { host.die(powerLoss: true) }
        case .powerLossAtWork: host.disk.die(after: 1 + chance.below(12))
        case .syncPowerLoss: host.disk.failSync(after: chance.below(6), .powerLoss)
        case .syncDataGone: host.disk.failSync(after: chance.below(6), .dataGone)
        case .writeError: host.disk.failWrite(after: chance.below(6), code: 5)
        case .full:
            host.limitDisk(to: Int(chance.between(0, 100_000)))
            timeline.after(chance.between(.milliseconds(200), .seconds(5))) { [self] in
                host.limitDisk(to: nil)
            }
        case .clock:
            let steps: [Int64] = [3_600, -3_600, 31_536_000, -31_536_000, 1, -1, 60]
            timeline.wallOffset += .seconds(chance.pick(steps) ?? 1)
        case .brokerPause: host.pause(chance.between(.milliseconds(100), .seconds(6)))
        case .cleanRestart: host.restartInOrder()
        case .bitFlip: host.checkBitFlip()
        case .operate: operate()
        }
    }

    // MARK: The end

    /// Ends the faults; from here on everything has to come to an end.
    private func heal() {
        isHealed = true
        host.limitDisk(to: nil)
        recorder.add(.heal, "simulation")
        // Every group has somebody who works for it.
        for group in Self.groups where !workers.contains(where: { $0.group == group.name }) {
            let worker = Worker(number: workers.count, group: group, world: self)
            workers.append(worker)
            worker.begin()
        }
    }

    private func finish() {
        let limit = timeline.now + .seconds(240)
        var isQuiet = false
        while timeline.now < limit, !isQuiet, !host.isRefused {
            timeline.run(until: timeline.now + .seconds(1))
            resumeAll()
            isQuiet = isDone
        }
        guard !host.isRefused else { return }
        guard let core = host.core else {
            recorder.fail("liveness", "the broker does not come up again")
            return
        }
        if mutant.keepsState { host.compareState() }
        for (index, group) in core.durable.groups.enumerated() {
            guard let status = core.status(of: GroupID(UInt32(index))) else { continue }
            recorder.say("at the end \(group.definition.name): \(status)")
        }
        host.writeDump(index)
        checkReaders()
        recorder.add(.end, "simulation")
    }

    private var isDone: Bool {
        guard let durable = host.core?.durable, publishers.allSatisfy(\.isDone),
            workers.allSatisfy(\.isIdle), created.count == Self.groups.count, asked.isEmpty
        else { return false }
        guard
            durable.groups.allSatisfy({
                $0.isDeleted
                    || $0.again.isEmpty
                        && $0.floor + 1 >= durable.topics[Int($0.definition.topic.number)].next
            })
        else { return false }
        return readers.allSatisfy { $0.next >= durable.topics[0].next }
    }

    private func checkReaders() {
        let stored = recorder.history.entries.filter {
            $0.operation == .log && $0.topic == "articles"
        }
        for reader in readers {
            for entry in stored {
                guard let seen = reader.seen[entry.offset] else {
                    if reader.overtaken.contains(where: { $0.contains(entry.offset) }) { continue }
                    recorder.fail("reading", "a reader did not see \(entry.event)")
                    return
                }
                if seen != (entry.event, entry.hash) {
                    recorder.fail(
                        "reading", "a reader saw \(seen.name), and \(entry.event) is stored")
                    return
                }
            }
            guard reader.seen.count <= stored.count else {
                recorder.fail("reading", "a reader saw more than is stored")
                return
            }
        }
    }
}
