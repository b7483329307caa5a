public import GRPCCore
internal import Synchronization

/// How many calls ended with which code, by service, since a listener was made.
///
/// Peers name the services, so that only those are told apart that somebody serves, and no more than
/// ``maximumServices``. Safe from any thread.
public final class CallCounts: Sendable {
    /// Calls of one service that ended with one code.
    public struct Count: Sendable, Hashable {
        /// The service, fully qualified; empty for all that are not told apart.
        public var service: String
        /// How they ended.
        public var code: Status.Code
        /// How many.
        public var calls: UInt64
    }

    /// Services told apart.
    public static let maximumServices = 256

    /// A service as it is counted.
    struct ServiceID: Equatable {
        fileprivate var row: Int

        /// Of calls that nobody serves.
        static let other = ServiceID(row: 0)
    }

    private static let codes = 17

    private struct State {
        var rows: [String: Int] = [:]
        var counts = [[UInt64](repeating: 0, count: CallCounts.codes)]
    }

    private let state = Mutex(State())

    /// Nothing is counted yet.
    public init() {}

    /// Everything that was counted, by service and code.
    public var counts: [Count] {
        let state = state.withLock { $0 }
        let names = [("", 0)] + state.rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return names.flatMap { name, row in
            state.counts[row].enumerated().compactMap { code, calls in
                guard calls > 0, let code = Status.Code(rawValue: code) else { return nil }
                return Count(service: name, code: code, calls: calls)
            }
        }
    }

    /// The service of this name, which somebody serves.
    func service(_ name: String) -> ServiceID {
        state.withLock { state in
            if let row = state.rows[name] { return ServiceID(row: row) }
            guard state.rows.count < Self.maximumServices else { return .other }
            state.rows[name] = state.counts.count
            state.counts.append([UInt64](repeating: 0, count: Self.codes))
            return ServiceID(row: state.counts.count - 1)
        }
    }

    /// Counts a call's end; a code that gRPC does not have counts as unknown.
    func ended(_ service: ServiceID, code: Int) {
        let code = (0..<Self.codes).contains(code) ? code : Status.Code.unknown.rawValue
        state.withLock { $0.counts[service.row][code] &+= 1 }
    }
}

/// Where one call is counted.
struct CallTally {
    let counts: CallCounts
    let service: CallCounts.ServiceID

    func ended(_ code: Int) { counts.ended(service, code: code) }
}
