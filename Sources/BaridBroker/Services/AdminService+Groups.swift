internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import GRPCCore

// What an operator does to groups.
extension AdminService {
    func replayGroup(
        request: Barid_Admin_V1_ReplayGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ReplayGroupResponse {
        let name = GroupName(request.topic, request.group)
        let start: GroupStart
        do throws(BusFault) {
            start = try GroupStart(request.start)
        } catch {
            throw error.rpcError
        }
        guard request.subjects.count <= 100 else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(request.subjects.count) subjects; the most is 100")
        }
        let (topic, first) = try await core.ask { core, answer in
            answer(core.resolve(start, of: name))
        }
        var ranges = [first...UInt64.max - 1]
        if !request.subjects.isEmpty {
            let subjects = request.subjects
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
            ranges = search.found.map { $0...$0 }
        }
        let result = try await operate(name, .replay(ranges))
        return .with {
            $0.replay = result.replay
            $0.events = result.events
        }
    }

    /// Does something to a group.
    func operate(_ name: GroupName, _ operation: GroupOperation) async throws -> GroupOperated {
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

/// Where a group starts, or is sent back to.
enum GroupStart: Sendable, Equatable {
    case at(SubscriptionRequest.Start)
    /// The first event stored at or after this wall time, in nanoseconds since 1970.
    case time(Int64)

    /// What a `barid.bus.v1.Start` asks for.
    ///
    /// - Throws: `BusFault` when this version does not know it.
    init(_ message: Barid_Bus_V1_Start) throws(BusFault) {
        switch message.at {
        case .unspecified, .first: self = .at(.first)
        case .new: self = .at(.new)
        case .sequence: self = .at(.sequence(message.sequence))
        case .time:
            let (seconds, overflow) = message.time.seconds.multipliedReportingOverflow(
                by: 1_000_000_000)
            self = .time(overflow ? .max : seconds &+ Int64(message.time.nanos))
        case .UNRECOGNIZED:
            throw BusFault(
                .unimplemented, .invalidSubscription, "a start that this broker does not know")
        }
    }
}

extension Core {
    /// The topic of a group, and the first sequence at or after a place in it.
    func resolve(
        _ start: GroupStart, of name: GroupName
    ) -> Result<(TopicID, UInt64), RPCError> {
        guard let topic = engine.durable.topic(named: name.topic) else {
            let fault = BusFault(
                .notFound, .noSuchGroup, "there is no topic '\(name.topic.prefix(80))'")
            return .failure(fault.rpcError)
        }
        let state = engine.durable.topics[Int(topic.number)]
        switch start {
        case .at(.first): return .success((topic, state.first))
        case .at(.new): return .success((topic, state.next))
        case .at(.sequence(let sequence)):
            return .success((topic, min(max(sequence, state.first), state.next)))
        case .time(let wall):
            return Result { (topic, try firstSequence(of: topic, storedSince: wall)) }
                .mapError { RPCError(unreadable: $0) }
        }
    }
}

extension RPCError {
    /// The log could not be read.
    init(unreadable error: any Error) {
        self.init(code: .dataLoss, message: "the log cannot be read: \(error)")
    }
}
