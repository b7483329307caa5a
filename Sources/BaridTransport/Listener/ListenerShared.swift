internal import Synchronization

/// What a listener shows to other threads while its own thread changes it.
final class ListenerShared: Sendable {
    let intake = ServerIntake()

    private let state = Mutex<[UInt64: SessionDescription]>([:])

    var sessions: [SessionDescription] {
        state.withLock { Array($0.values) }.sorted { $0.id < $1.id }
    }

    func add(_ description: SessionDescription) {
        state.withLock { $0[description.id] = description }
    }

    func remove(_ id: UInt64) {
        state.withLock { $0[id] = nil }
    }
}
