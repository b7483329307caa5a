internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import GRPCCore

// What an operator does to groups.
extension AdminService {
    func listGroups(
        request: Barid_Admin_V1_ListGroupsRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ListGroupsResponse {
        try await core.ask { core, answer in
            let groups = core.groupStatuses.filter {
                (request.topic.isEmpty || $0.topic == request.topic)
                    && (request.group.isEmpty || $0.group == request.group)
            }
            guard !groups.isEmpty || request.group.isEmpty else {
                let place = request.topic.isEmpty ? "" : " of topic '\(request.topic.prefix(80))'"
                let fault = BusFault(
                    .notFound, .noSuchGroup,
                    "there is no group '\(request.group.prefix(80))'\(place)")
                answer(.failure(fault.rpcError))
                return
            }
            answer(.success(.with { $0.groups = groups }))
        }
    }

    func countGroup(
        request: Barid_Admin_V1_CountGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_CountGroupResponse {
        let asked = request.within
        let within: Duration =
            request.hasWithin
            ? .seconds(asked.seconds) + .nanoseconds(Int64(asked.nanos)) : .seconds(2)
        guard within >= .zero, within <= .seconds(60) else {
            throw RPCError(
                code: .invalidArgument, message: "a count within \(within); the most is 60 s")
        }
        let end = ContinuousClock.now + within
        let name = GroupName(request.topic, request.group)
        var count = try await core.ask { core, answer in
            do throws(BusFault) {
                answer(.success(try core.count(topic: name.topic, group: name.group)))
            } catch {
                answer(.failure(error.rpcError))
            }
        }
        while !count.isOver, ContinuousClock.now < end, !context.cancellation.isCancelled {
            let current = count
            count = try await core.ask { core, answer in
                var next = current
                answer(
                    Result {
                        try core.goOn(with: &next)
                        return next
                    }.mapError { RPCError(unreadable: $0) })
            }
        }
        let result = count
        return .with {
            $0.atLeast = result.found
            $0.atMost = result.found + result.left
        }
    }

    func pauseGroup(
        request: Barid_Admin_V1_PauseGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_PauseGroupResponse {
        _ = try await operate(GroupName(request.topic, request.group), .pause)
        return .init()
    }

    func resumeGroup(
        request: Barid_Admin_V1_ResumeGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ResumeGroupResponse {
        _ = try await operate(GroupName(request.topic, request.group), .resume)
        return .init()
    }

    func resetGroup(
        request: Barid_Admin_V1_ResetGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ResetGroupResponse {
        let name = GroupName(request.topic, request.group)
        guard request.start.at != .unspecified else {
            throw RPCError(
                code: .invalidArgument, message: "a reset has to say where the group begins anew")
        }
        let start = try await resolve(GroupStart.of(request.start), of: name).start
        let result = try await operate(name, .reset(start))
        return .with { $0.behind = result.events }
    }

    func deleteGroup(
        request: Barid_Admin_V1_DeleteGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_DeleteGroupResponse {
        _ = try await operate(GroupName(request.topic, request.group), .delete)
        return .init()
    }

    func replayGroup(
        request: Barid_Admin_V1_ReplayGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ReplayGroupResponse {
        let name = GroupName(request.topic, request.group)
        guard request.subjects.count <= 100 else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(request.subjects.count) subjects; the most is 100")
        }
        let (topic, _, first) = try await resolve(GroupStart.of(request.start), of: name)
        var ranges = [first...UInt64.max - 1]
        if !request.subjects.isEmpty {
            ranges = try await search(topic, from: first, request.subjects, context)
        }
        let result = try await operate(name, .replay(ranges))
        return .with {
            $0.replay = result.replay
            $0.events = result.events
        }
    }

    /// The sequences of the events of some subjects; a piece of the log at a time.
    private func search(
        _ topic: TopicID, from first: UInt64, _ subjects: [String], _ context: ServerContext
    ) async throws -> [ClosedRange<UInt64>] {
        var search = try await core.ask { core, answer in
            answer(.success(core.search(topic, from: first, subjects: subjects)))
        }
        while !search.isOver, !context.cancellation.isCancelled {
            let current = search
            search = try await core.ask { core, answer in
                var next = current
                answer(
                    Result {
                        try core.goOn(with: &next)
                        return next
                    }.mapError { RPCError(unreadable: $0) })
            }
        }
        return search.found.map { $0...$0 }
    }

    /// The topic of a group, and a place in it.
    private func resolve(
        _ start: GroupStart, of name: GroupName
    ) async throws -> (topic: TopicID, start: SubscriptionRequest.Start, first: UInt64) {
        try await core.ask { core, answer in
            guard let topic = core.engine.durable.topic(named: name.topic) else {
                let fault = BusFault(
                    .notFound, .noSuchGroup, "there is no topic '\(name.topic.prefix(80))'")
                answer(.failure(fault.rpcError))
                return
            }
            answer(
                Result {
                    let start = try core.resolve(start, ofTopic: name.topic)
                    let state = core.engine.durable.topics[Int(topic.number)]
                    if case .sequence(let sequence) = start { try state.checkKept(sequence) }
                    return (topic, start, state.sequence(of: start))
                }.mapError { ($0 as? BusFault)?.rpcError ?? RPCError(unreadable: $0) })
        }
    }

    /// Does something to a group.
    private func operate(
        _ name: GroupName, _ operation: GroupOperation
    ) async throws -> GroupOperated {
        try await core.ask { core, answer in
            core.operate(topic: name.topic, group: name.group, operation) { result in
                answer(result.mapError { $0.rpcError })
            }
        }
    }
}

/// The name of a group as requests give it.
struct GroupName: Sendable {
    let topic: String
    let group: String

    init(_ topic: String, _ group: String) {
        self.topic = topic.isEmpty ? "articles" : topic
        self.group = group
    }
}

extension RPCError {
    /// The log could not be read.
    init(unreadable error: any Error) {
        self.init(code: .dataLoss, message: "the log cannot be read: \(error)")
    }
}
