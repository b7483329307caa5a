internal import Synchronization

/// What a listener shows to other threads while its own thread changes it.
final class ListenerShared: Sendable {
    let intake = ServerIntake()

    private let state = Mutex<[UInt64: SessionDescription]>([:])

    var sessions: [SessionDescription] {
        state.withLock { Array($0.values) }.sorted { $0.id < $1.id }
    }

    /// Adds a session, or takes over what changed of one; its calls stay.
    func add(_ description: SessionDescription) {
        state.withLock { sessions in
            var description = description
            description.calls = sessions[description.id]?.calls ?? 0
            sessions[description.id] = description
        }
    }

    func callBegan(on id: UInt64) {
        state.withLock { $0[id]?.calls += 1 }
    }

    func callEnded(on id: UInt64) {
        state.withLock { $0[id]?.calls -= 1 }
    }

    func remove(_ id: UInt64) {
        state.withLock { $0[id] = nil }
    }
}
