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
                    session: String(request.session.prefix(128)), lease: lease.nanoseconds))
            let definition = durable.groups[index].definition
            actions.append(
                .started(
                    stream,
                    SubscriptionStarted(
                        epoch: durable.epoch, group: definition.name, lease: lease,
                        maximumDeliveries: definition.maximumDeliveries,
                        types: definition.types)))
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
        let subscription = groups[group].subscriptions[index]
        if subscription.leased > 0 {
            for slot in groups[group].entries.indices {
                let entry = groups[group].entries[slot]
                guard entry.state == .leased, entry.subscription == stream else { continue }
                switch cause {
                case .left:
                    release(group, slot, into: &actions)
                case .lost:
                    lose(group, slot, subscription, into: &actions)
                }
            }
        }
        groups[group].subscriptions.remove(at: index)
        dispatch(group, into: &actions)
    }

    /// Takes back what a dead worker held.
    ///
    /// If it held this event alone, or suspected, that counts as a failure. Of several it is not
    /// known which one killed it, if any: none is charged, all are suspects, and go out one
    /// at a time, so that the next death has a name.
    private mutating func lose(
        _ group: Int, _ slot: Int, _ subscription: SubscriptionRuntime,
        into actions: inout [Action]
    ) {
        guard subscription.leased > 1, !groups[group].entries[slot].isSuspect else {
            let fault = BusFault(
                .unavailable, .workerLost,
                "worker '\(subscription.worker)' was lost while it held the event")
            fail(group, slot, fault, delay: nil, into: &actions)
            return
        }
        release(group, slot, into: &actions)
        groups[group].suspect(slot)
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
            let types = durable.groups[Int(group.number)].definition.types
            guard request.types.isEmpty || request.types.sorted() == types.sorted() else {
                throw BusFault(
                    .failedPrecondition, .filterMismatch,
                    "group '\(request.group)' has the filter \(types); a filter never changes")
            }
            return (group, false)
        }
        guard request.types.count <= configuration.maximumPatterns else {
            throw BusFault(
                .invalidArgument, .invalidFilter,
                "\(request.types.count) patterns; the most is \(configuration.maximumPatterns)")
        }
        for type in request.types where TypePattern(type) == nil {
            throw BusFault(
                .invalidArgument, .invalidFilter, "'\(type.prefix(80))' is no pattern on types")
        }
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
        let start = durable.topics[Int(topic.number)].sequence(of: request.start)
        append(
            .groupCreated(
                GroupDefinition(
                    topic: topic, name: request.group, types: request.types, start: start,
                    maximumDeliveries: request.maximumDeliveries == 0
                        ? configuration.maximumDeliveries : request.maximumDeliveries)),
            into: &actions)
        return (GroupID(UInt32(durable.groups.count - 1)), true)
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
