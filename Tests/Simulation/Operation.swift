internal import BaridBroker
internal import BaridEngine
internal import BaridProof

/// What an operator asks of a group, and what the history says of it.
final class Operation {
    private let world: World
    private let group: String
    private let topic: String
    private let operation: GroupOperation
    private let incarnation: Int

    init(world: World, group: String, topic: String, operation: GroupOperation) {
        self.world = world
        self.group = group
        self.topic = topic
        self.operation = operation
        incarnation = world.host.incarnation
    }

    /// The answer, given on the one thread of a run.
    private final class Answer: @unchecked Sendable {
        var result: Result<GroupOperated, BusFault>?
    }

    func begin(_ core: SteppedCore) {
        // Whether it was done is known only with the answer; that it may be is known before.
        let isRetry = if case .retry = self.operation { true } else { false }
        for name in lettersTouched(core.durable) {
            world.recorder.add(isRetry ? .deadLetterRetried : .deadLetterRemoved, "operator") {
                $0.event = name.event
                $0.group = self.group
                $0.replay = name.replay
            }
        }
        let answer = Answer()
        let (world, group, topic, operation) = (world, group, topic, operation)
        core.operate(topic: topic, group: group, operation) { answer.result = $0 }
        world.recorder.say("operator: \(group) \(operation)")
        world.host.afterWork { [self] in
            guard world.host.incarnation == incarnation, let core = world.host.core,
                case .success(let done) = answer.result, done.replay > 0,
                case .replay(let ranges) = operation
            else { return }
            owe(core.durable, ranges, number: done.replay)
        }
    }

    private func lettersTouched(_ durable: Durable) -> [(event: String, replay: UInt64)] {
        guard let state = durable.groups.first(where: { $0.definition.name == group }) else {
            return []
        }
        return state.deadLetters.compactMap { letter in
            let isTouched =
                switch operation {
                case .retry(let sequences): sequences.contains(letter.sequence)
                case .replay(let ranges): ranges.contains { $0.contains(letter.sequence) }
                case .pause, .resume, .reset, .delete: false
                }
            guard isTouched,
                let event = world.nameOfEvent(letter.sequence, topic, at: letter.eventPosition)
            else { return nil }
            return (event, UInt64(letter.replay))
        }
    }

    /// What is due again now is owed once more.
    private func owe(_ durable: Durable, _ ranges: [ClosedRange<UInt64>], number: UInt32) {
        guard let state = durable.groups.first(where: { $0.definition.name == group }) else {
            return
        }
        for range in ranges {
            for sequence in range where state.again.number(of: sequence) == number {
                world.recorder.add(.replay, "operator") {
                    $0.group = group
                    $0.topic = topic
                    $0.replay = UInt64(number)
                    $0.offset = sequence
                    $0.last = sequence
                }
            }
        }
    }
}
