internal import BaridBroker
internal import BaridEngine
internal import BaridProof

// What operators ask of groups, and what is known of the answers.
extension World {
    /// Asks something of a group that stands; one that is about to begin anew is left alone.
    func operate() {
        guard let core = host.core, let kind = chance.pick(plan.operations) else { return }
        let standing = core.durable.groups.indices.filter { index in
            let group = core.durable.groups[index]
            return !group.isDeleted && isCreated(group.definition.name)
                && !asked.contains { $0.group == group.definition.name }
        }
        guard let index = chance.pick(Array(standing)) else { return }
        let state = core.durable.groups[index]
        let topic = core.durable.topics[Int(state.definition.topic.number)]
        let name = state.definition.name
        guard topic.next > topic.first else { return }
        let low = topic.first + UInt64(chance.below(Int(topic.next - topic.first)))
        var operation: GroupOperation?
        switch kind {
        case .pause:
            operation = .pause
            timeline.after(chance.between(.milliseconds(50), .seconds(4))) { [self] in
                resume(name, of: topic.name)
            }
        case .resume: operation = .resume
        case .retry:
            guard !state.deadLetters.isEmpty else { return }
            operation = .retry(state.deadLetters.map(\.sequence))
        case .replay:
            operation = .replay([low...min(topic.next - 1, low + UInt64(chance.below(20)))])
        case .reset:
            let others: [SubscriptionRequest.Start] = [.first, .new, .last]
            operation = .reset(
                chance.percent(70) ? .sequence(low) : chance.pick(others) ?? .first)
        case .delete: operation = .delete
        case .purge: guard !state.deadLetters.isEmpty else { return }
        }
        ask(operation, of: GroupID(UInt32(index)), core)
    }

    private func ask(_ operation: GroupOperation?, of group: GroupID, _ core: SteppedCore) {
        Operation(world: self, core: core, number: group, operation: operation).begin(core)
    }

    /// Lets a group that was paused go on, as soon as there is a broker to tell.
    private func resume(_ group: String, of topic: String) {
        if let (core, number, _) = standing(group) { ask(.resume, of: number, core) }
        timeline.after(.milliseconds(200)) { [self] in
            guard host.core != nil else { return resume(group, of: topic) }
            if standing(group)?.state.isPaused ?? false { resume(group, of: topic) }
        }
    }

    /// A group that is not deleted.
    private func standing(
        _ group: String
    ) -> (core: SteppedCore, number: GroupID, state: DurableGroup)? {
        guard let core = host.core,
            let index = core.durable.groups.firstIndex(where: {
                $0.definition.name == group && !$0.isDeleted
            })
        else { return nil }
        return (core, GroupID(UInt32(index)), core.durable.groups[index])
    }

    /// Which life a group is in.
    func life(of group: String) -> UInt64 { lives[group] ?? 0 }

    /// Something was asked for.
    func asks(_ operation: Operation) { asked.append(operation) }

    /// It has its answer.
    func isAnswered(_ operation: Operation) { asked.removeAll { $0 === operation } }

    /// A group began anew.
    func groupBegins(_ group: String, _ topic: String, at start: UInt64) {
        lives[group] = life(of: group) + 1
        recorder.add(.groupReset, "operator") {
            $0.group = group
            $0.topic = topic
            $0.life = life(of: group)
            $0.offset = start
        }
    }

    /// A group is no more; after a while there is another one of its name.
    func groupIsDeleted(_ number: GroupID, _ group: String) {
        recorder.add(.groupDeleted, "operator") {
            $0.group = group
            $0.life = life(of: group)
        }
        lives[group] = life(of: group) + 1
        deleted.append(number)
        created.remove(group)
        guard let definition = Self.groups.first(where: { $0.name == group }) else { return }
        timeline.after(chance.between(0, .seconds(2))) { [self] in create(definition) }
    }

    /// What the broker before did not answer is in the log, and what it did answer too.
    func brokerStarted() {
        let unknown = asked
        asked = []
        for operation in unknown { operation.isUnknown() }
        guard let durable = host.core?.durable else { return }
        for number in deleted where !durable.groups[Int(number.number)].isDeleted {
            recorder.fail(
                "deletion", "\(durable.groups[Int(number.number)].definition.name) stands again")
        }
    }

    /// A resumption may have been lost with the broker that had not written it yet.
    func resumeAll() {
        guard let durable = host.core?.durable else { return }
        for group in durable.groups where group.isPaused && !group.isDeleted {
            resume(
                group.definition.name, of: durable.topics[Int(group.definition.topic.number)].name)
        }
    }
}
