internal import GRPCCore
internal import Synchronization

/// What a connection shows to other threads while its own thread changes it.
final class ConnectionShared: Sendable {
    let intake = ServerIntake()

    private struct Mutable {
        var state = Connection.State.connecting
        var handshakeProblem: String?
        var readers: [UInt64: AsyncStream<Connection.State>.Continuation] = [:]
        var nextReader: UInt64 = 0
    }

    private let mutable = Mutex(Mutable())

    var state: Connection.State { mutable.withLock { $0.state } }

    /// Why the last handshake failed, in words, where that is a matter of keys; nil after a success.
    var handshakeProblem: String? { mutable.withLock { $0.handshakeProblem } }

    /// Notes how a handshake went.
    func noteHandshake(problem: String?) {
        mutable.withLock { $0.handshakeProblem = problem }
    }

    /// The state now and every later one.
    func states() -> AsyncStream<Connection.State> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Connection.State.self, bufferingPolicy: .bufferingNewest(64))
        let reader: UInt64? = mutable.withLock { mutable in
            continuation.yield(mutable.state)
            guard !mutable.state.isFinal else { return nil }
            mutable.nextReader += 1
            mutable.readers[mutable.nextReader] = continuation
            return mutable.nextReader
        }
        guard let reader else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.mutable.withLock { $0.readers[reader] = nil }
        }
        return stream
    }

    /// Changes the state; a final one stays.
    func become(_ state: Connection.State) {
        let readers: [AsyncStream<Connection.State>.Continuation] = mutable.withLock { mutable in
            guard !mutable.state.isFinal else { return [] }
            mutable.state = state
            let readers = Array(mutable.readers.values)
            if state.isFinal { mutable.readers = [:] }
            return readers
        }
        for reader in readers {
            reader.yield(state)
            if state.isFinal { reader.finish() }
        }
    }
}

extension Connection.State {
    /// Whether no other state follows.
    var isFinal: Bool {
        switch self {
        case .refused, .forbidden, .closed: true
        case .connecting, .ready, .lost: false
        }
    }
}
