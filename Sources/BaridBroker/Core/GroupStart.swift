internal import BaridEngine
internal import BaridSchema
internal import GRPCCore

/// Where a group starts, or is sent to: what the engine knows, or a time, which only the log does.
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
        case .last: self = .at(.last)
        case .sequence: self = .at(.sequence(message.sequence))
        case .time: self = .time(message.time.nanoseconds)
        case .UNRECOGNIZED:
            throw BusFault(
                .unimplemented, .invalidSubscription, "a start that this broker does not know")
        }
    }

    /// What a `barid.bus.v1.Start` asks for.
    ///
    /// - Throws: `RPCError` when this version does not know it.
    static func of(_ message: Barid_Bus_V1_Start) throws(RPCError) -> GroupStart {
        do throws(BusFault) {
            return try GroupStart(message)
        } catch {
            throw error.rpcError
        }
    }
}

extension Core {
    /// The place in a topic that a start means now; in a topic that does not exist, its first.
    ///
    /// - Throws: `LogError` or `RecordFailure` when the log cannot be read.
    func resolve(
        _ start: GroupStart, ofTopic name: String
    ) throws -> SubscriptionRequest.Start {
        switch start {
        case .at(let place): return place
        case .time(let wall):
            guard let topic = engine.durable.topic(named: name) else { return .first }
            return .sequence(try firstSequence(of: topic, storedSince: wall))
        }
    }
}
