extension Engine {
    mutating func subscribe(
        _ stream: StreamID, _ request: SubscriptionRequest, into actions: inout [Action]
    ) {
        do throws(BusFault) {
            guard !draining else { throw Self.drainingFault }
            guard streams[stream] == nil else {
                throw BusFault(
                    .failedPrecondition, .protocolViolation, "the stream is subscribed already")
            }
            guard streams.count < configuration.maximumSubscriptions else {
                throw BusFault(
                    .resourceExhausted, .tooMany,
                    "there are \(configuration.maximumSubscriptions) subscriptions already")
            }
            let lease = request.lease == .zero ? configuration.lease : request.lease
            guard lease > .zero, lease <= configuration.maximumLease else {
                throw BusFault(
                    .invalidArgument, .invalidSubscription,
                    "a lease of \(lease); the most is \(configuration.maximumLease)")
            }
            let (group, _) = try ensureGroup(request, into: &actions)
            let index = Int(group.number)
            streams[stream] = index
            groups[index].subscriptions.append(
                SubscriptionRuntime(
                    stream: stream, worker: String(request.worker.prefix(128)),
                    session: String(request.session.prefix(128)), lease: lease.nanoseconds,
                    knowsTurns: request.knowsTurns))
            let definition = durable.groups[index].definition
            actions.append(
                .started(
                    stream,
                    SubscriptionStarted(
                        epoch: durable.epoch, group: definition.name, lease: lease,
                        maximumDeliveries: definition.maximumDeliveries,
                        types: definition.types, attributes: definition.attributes)))
        } catch {
            actions.append(.end(stream, error))
        }
    }

    mutating func createGroup(
        ticket: UInt64, _ request: SubscriptionRequest, into actions: inout [Action]
    ) {
        do throws(BusFault) {
            let (group, created) = try ensureGroup(request, into: &actions)
            let state = durable.groups[Int(group.number)]
            let next = durable.topics[Int(state.definition.topic.number)].next
            let behind = next - min(next, state.floor + 1)
            actions.append(
                .groupCreated(
                    ticket: ticket, .success(GroupCreated(created: created, behind: behind))))
        } catch {
            actions.append(.groupCreated(ticket: ticket, .failure(error)))
        }
    }

    mutating func credit(
        _ stream: StreamID, messages: UInt32, bytes: UInt64, into actions: inout [Action]
    ) {
        guard let group = streams[stream],
            let index = groups[group].subscription(stream)
        else { return }  // The stream ended while its credit was under way.
        let limit = configuration
        let held = groups[group].subscriptions[index]
        groups[group].subscriptions[index].credit = min(
            held.credit + Int64(messages), limit.maximumCredit)
        groups[group].subscriptions[index].creditBytes = min(
            held.creditBytes + Int64(clamping: min(bytes, 1 << 40)), limit.maximumCreditBytes)
        dispatch(group, into: &actions)
    }

    mutating func end(
        _ stream: StreamID, _ cause: Input.EndCause, into actions: inout [Action]
    ) {
        guard let group = streams.removeValue(forKey: stream),
            let index = groups[group].subscription(stream)
        else { return }  // It never stood, or the engine ended it itself.
        if groups[group].subscriptions[index].leased > 0 {
            let entries = groups[group].entries
            let held = entries.indices
                .filter { entries[$0].state == .leased && entries[$0].subscription == stream }
                .sorted { entries[$0].sequence < entries[$1].sequence }
            switch cause {
            case .left: for slot in held { release(group, slot, into: &actions) }
            case .lost: lose(group, held, groups[group].subscriptions[index], into: &actions)
            }
        }
        groups[group].subscriptions.remove(at: index)
        dispatch(group, into: &actions)
    }

    private mutating func ensureGroup(
        _ request: SubscriptionRequest, into actions: inout [Action]
    ) throws(BusFault) -> (GroupID, created: Bool) {
        for (what, name) in [("topic", request.topic), ("group", request.group)]
        where !Self.isName(name) {
            throw BusFault(
                .invalidArgument, .invalidName,
                "\(what) '\(name.prefix(80))' is not a lower-case name of at most 64 bytes")
        }
        if let topic = durable.topic(named: request.topic),
            let group = durable.group(named: request.group, of: topic)
        {
            try compare(request, with: durable.groups[Int(group.number)].definition)
            return (group, false)
        }
        try checkFilter(request)
        guard request.maximumDeliveries <= 1_000 else {
            throw BusFault(
                .invalidArgument, .invalidSubscription,
                "\(request.maximumDeliveries) deliveries; the most is 1000")
        }
        guard groups.count(where: { !$0.isDeleted }) < configuration.maximumGroups else {
            throw BusFault(
                .resourceExhausted, .tooMany,
                "there are \(configuration.maximumGroups) groups already")
        }
        guard groups.count < configuration.maximumGroupNumbers else {
            throw BusFault(
                .resourceExhausted, .tooMany,
                "\(configuration.maximumGroupNumbers) groups were made, and numbers of deleted ones "
                    + "are not used again")
        }
        let topic = try ensureTopic(request.topic, into: &actions)
        let state = durable.topics[Int(topic.number)]
        if case .sequence(let sequence) = request.start { try state.checkKept(sequence) }
        let start = state.sequence(of: request.start)
        append(
            .groupCreated(
                GroupDefinition(
                    topic: topic, name: request.group, types: request.types,
                    attributes: request.attributes, start: start,
                    maximumDeliveries: request.maximumDeliveries == 0
                        ? configuration.maximumDeliveries : request.maximumDeliveries)),
            into: &actions)
        return (GroupID(UInt32(durable.groups.count - 1)), true)
    }

    /// An empty filter joins with whatever the group has.
    private func compare(
        _ request: SubscriptionRequest, with definition: GroupDefinition
    ) throws(BusFault) {
        guard !request.types.isEmpty || !request.attributes.isEmpty else { return }
        guard request.types.sorted() == definition.types.sorted(),
            request.attributes == definition.attributes
        else {
            let attributes = definition.attributes.map { "\($0.name): \($0.values)" }
            throw BusFault(
                .failedPrecondition, .filterMismatch,
                "group '\(request.group)' has the filter \(definition.types) \(attributes); "
                    + "a filter never changes")
        }
    }

    private func checkFilter(_ request: SubscriptionRequest) throws(BusFault) {
        guard request.types.count <= configuration.maximumPatterns else {
            throw BusFault(
                .invalidArgument, .invalidFilter,
                "\(request.types.count) patterns; the most is \(configuration.maximumPatterns)")
        }
        for type in request.types where TypePattern(type) == nil {
            throw BusFault(
                .invalidArgument, .invalidFilter, "'\(type.prefix(80))' is no pattern on types")
        }
        guard request.attributes.count <= configuration.maximumAttributes else {
            throw BusFault(
                .invalidArgument, .invalidFilter,
                "conditions on \(request.attributes.count) attributes; the most is "
                    + "\(configuration.maximumAttributes)")
        }
        for (index, attribute) in request.attributes.enumerated() {
            if let problem = attribute.problem(maximumValues: configuration.maximumPatterns) {
                throw BusFault(.invalidArgument, .invalidFilter, problem)
            }
            guard index == 0 || request.attributes[index - 1].name != attribute.name else {
                throw BusFault(
                    .invalidArgument, .invalidFilter,
                    "two conditions on the attribute '\(attribute.name)'")
            }
        }
    }

    /// The topic of this name, created if need be.
    mutating func ensureTopic(
        _ name: String, into actions: inout [Action]
    ) throws(BusFault) -> TopicID {
        if let known = durable.topic(named: name) { return known }
        guard durable.topics.count < configuration.maximumTopics else {
            throw BusFault(
                .resourceExhausted, .tooMany,
                "topic '\(name)' would be one more than \(configuration.maximumTopics)")
        }
        append(.topicCreated(name: name), into: &actions)
        return TopicID(UInt32(durable.topics.count - 1))
    }
}
