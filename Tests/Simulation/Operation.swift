internal import BaridBroker
internal import BaridEngine
internal import BaridProof

/// What an operator asks of a group, and what the history says of it.
///
/// One thread runs a whole simulation, which is what makes this safe to call sendable.
final class Operation: @unchecked Sendable {
    /// What is asked for.
    enum Kind {
        case pause, resume, retry, replay, reset, delete, purge
    }

    let group: String
    private let world: World
    private let topic: String
    private let number: GroupID
    private let operation: GroupOperation?
    /// Dead letters to purge.
    private let letters: [UInt64]
    private let incarnation: Int
    /// The last position before it was asked for.
    private let asked: UInt64
    /// Where a reset may lead to, as things were when it was asked for.
    private let place: UInt64
    private let next: UInt64
    /// How often the end of a pause had been asked for before it.
    private var ends = 0

    /// Prepares to ask for an operation; `nil` purges the dead letters that there are.
    init(world: World, core: SteppedCore, number: GroupID, operation: GroupOperation?) {
        let state = core.durable.groups[Int(number.number)]
        let topic = core.durable.topics[Int(state.definition.topic.number)]
        self.world = world
        self.number = number
        self.operation = operation
        group = state.definition.name
        self.topic = topic.name
        letters = operation == nil ? state.deadLetters.map(\.position) : []
        incarnation = world.host.incarnation
        asked = core.durable.nextPosition - 1
        next = topic.next
        place =
            if case .reset(let start) = operation { topic.sequence(of: start) } else { 0 }
    }

    func begin(_ core: SteppedCore) {
        // Whether it was done is known only with the answer; that it may be is known before.
        let isRetry = if case .retry = self.operation { true } else { false }
        for name in lettersTouched(core.durable) {
            world.recorder.add(isRetry ? .deadLetterRetried : .deadLetterRemoved, "operator") {
                $0.event = name.event
                $0.group = self.group
                $0.replay = name.replay
                $0.life = world.life(of: group)
            }
        }
        world.recorder.say("operator: \(group) \(operation.map { "\($0)" } ?? "purge \(letters)")")
        world.asks(self)
        if let operation {
            if operation == .resume || operation == .delete {
                world.pauses[group, default: Pauses()].end()
            }
            ends = world.pauses[group]?.ends ?? 0
            core.operate(topic: topic, group: group, operation) { [self] in answered($0) }
        } else {
            purge(core)
        }
        world.host.wake()
    }

    private func purge(_ core: SteppedCore) {
        let names = lettersTouched(core.durable)
        core.purge(topic: topic, group: group, numbers: letters) { [self] purged in
            world.isAnswered(self)
            for number in purged ?? [] {
                guard let name = names.first(where: { $0.number == number }) else {
                    world.recorder.fail("purge", "dead letter \(number) is gone, unasked")
                    continue
                }
                world.recorder.add(.deadLetterPurged, "operator") {
                    $0.event = name.event
                    $0.group = self.group
                    $0.life = world.life(of: group)
                    $0.value = Int64(number)
                }
            }
        }
    }

    // MARK: Answers

    /// The broker says what became of it; whatever it sends out from here on comes after it.
    private func answered(_ result: Result<GroupOperated, BusFault>) {
        world.isAnswered(self)
        guard case .success(let done) = result, let durable = world.host.core?.durable else {
            return
        }
        switch operation {
        case .pause:
            world.pauses[group, default: Pauses()].begin(at: world.timeline.now, ends: ends)
        case .reset: confirmReset(durable, done)
        case .delete: world.groupIsDeleted(number, group)
        case .replay(let ranges):
            world.host.afterWork { [self] in
                guard world.host.incarnation == incarnation, done.replay > 0,
                    let durable = world.host.core?.durable
                else { return }
                owe(durable, ranges, number: done.replay)
            }
        case .resume, .retry, nil: break
        }
    }

    /// The broker died before it answered: whether it was done is in the log.
    func isUnknown() {
        switch recorded() {
        case .groupReset(_, let start): world.groupBegins(group, topic, at: start)
        case .groupDeleted: world.groupIsDeleted(number, group)
        default: break
        }
    }

    /// Begins at the place told, which is where it was asked to, or nearer the end for what moved
    /// meanwhile.
    private func confirmReset(_ durable: Durable, _ done: GroupOperated) {
        let topic = durable.topics[Int(durable.groups[Int(number.number)].definition.topic.number)]
        var start = place
        if case .groupReset(_, let recorded) = recorded() { start = recorded }
        let latest: UInt64
        switch operation {
        case .reset(.sequence): latest = place
        case .reset(.first): latest = topic.first
        default: latest = topic.next
        }
        if start < place || start > max(place, latest) {
            world.recorder.fail(
                "reset", "\(group) begins at \(start), and was told \(place) to \(latest)")
        }
        if start + done.events < next || start + done.events > topic.next {
            world.recorder.fail("reset", "\(group) owes \(done.events) from \(start) on")
        }
        world.groupBegins(group, self.topic, at: start)
    }

    /// The record of it in the log.
    private func recorded() -> Record? {
        guard let log = world.host.log else { return nil }
        var position = asked + 1
        while position <= log.durablePosition {
            let entries = try? log.read(
                from: position, maximumBytes: 1 << 20, maximumCount: 1_024)
            guard let entries, let last = entries.last else { return nil }
            for entry in entries
            where [RecordKind.groupReset.rawValue, RecordKind.groupDeleted.rawValue]
                .contains(entry.kind)
            {
                let record = try? Record(kind: entry.kind, payload: entry.payload)
                switch record {
                case .groupReset(number, _), .groupDeleted(number): return record
                default: break
                }
            }
            position = last.position + 1
        }
        return nil
    }

    private func lettersTouched(
        _ durable: Durable
    ) -> [(event: String, replay: UInt64, number: UInt64)] {
        durable.groups[Int(number.number)].deadLetters.compactMap { letter in
            let isTouched =
                switch operation {
                case .retry(let sequences): sequences.contains(letter.sequence)
                case .replay(let ranges): ranges.contains { $0.contains(letter.sequence) }
                case .pause, .resume, .reset, .delete: false
                case nil: letters.contains(letter.position)
                }
            guard isTouched,
                let event = world.nameOfEvent(letter.sequence, topic, at: letter.eventPosition)
            else { return nil }
            return (event, UInt64(letter.replay), letter.position)
        }
    }

    /// What is due again now is owed once more.
    private func owe(_ durable: Durable, _ ranges: [ClosedRange<UInt64>], number: UInt32) {
        let state = durable.groups[Int(self.number.number)]
        for range in ranges {
            for sequence in range where state.again.number(of: sequence) == number {
                world.recorder.add(.replay, "operator") {
                    $0.group = group
                    $0.topic = topic
                    $0.replay = UInt64(number)
                    $0.life = world.life(of: group)
                    $0.offset = sequence
                    $0.last = sequence
                }
            }
        }
    }
}
