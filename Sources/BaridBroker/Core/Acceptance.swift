internal import Synchronization

/// Why publishes are not taken; Protocols/2-bus §14.
enum NotAccepting: String, Sendable, Equatable, CaseIterable {
    /// The disk has less room than the soft limit.
    case diskFloor = "DISK_FLOOR"
    /// The log holds as many bytes as it may.
    case logMaximum = "LOG_MAXIMUM"
    /// The broker stops.
    case draining = "DRAINING"
}

/// Whether publishes are taken, for those who ask from other threads.
final class Acceptance: Sendable {
    private let state = Mutex<NotAccepting?>(nil)

    /// Why not, or `nil` while they are taken.
    var refusal: NotAccepting? { state.withLock { $0 } }

    /// The core's word.
    func set(_ refusal: NotAccepting?) { state.withLock { $0 = refusal } }
}
