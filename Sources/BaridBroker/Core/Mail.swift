internal import BaridEngine
internal import Synchronization

/// What the other threads tell the core.
enum Mail: Sendable {
    /// A stream began; everything about it comes after this.
    case opened(StreamID, any BusStream, StreamRole)
    /// A stream's request, and how many bytes it had; they are given back when it is dealt with.
    ///
    /// When it arrived is told of what publishes, by the core's clock.
    case request(StreamID, Input, bytes: Int, arrived: Int64? = nil)
    /// A worker joins a group, which starts there if it is a new one.
    case subscribe(StreamID, SubscriptionRequest, GroupStart)
    /// What a peer had no right to, and its answer, in the order of the stream.
    case refused(StreamID, [Receipt], bytes: Int)
    /// A reader's request.
    case read(StreamID, ReadPlan)
    /// The peer sends nothing more; its status follows what it waits for.
    case halfClosed(StreamID)
    /// The peer is gone.
    case closed(StreamID, Input.EndCause)
    /// Something to do on the core's thread.
    case perform(@Sendable (Core) -> Void)
    /// The disk is done with the commit that was under way.
    case commitEnded
    /// The end: commit, close, leave.
    case stop
}

/// What a stream is for.
enum StreamRole: Sendable, Equatable {
    /// It publishes.
    case publish
    /// It subscribes, on a session.
    case subscribe(session: UInt64, backlog: Backlog? = nil)
    /// It reads.
    case read
}

/// Bytes of a subscriber's requests that wait for the core.
///
/// Settling is exempt from the credit of streams, so this is what bounds it.
final class Backlog: Sendable, Equatable {
    /// More than the largest request may wait.
    static let maximum = 32 << 20

    private let bytes = Atomic<Int>(0)

    /// Counts a request in.
    ///
    /// - Returns: False when too much is waiting already.
    func add(_ count: Int) -> Bool {
        bytes.add(count, ordering: .relaxed).newValue <= Self.maximum
    }

    /// Counts a request out.
    func remove(_ count: Int) {
        bytes.subtract(count, ordering: .relaxed)
    }

    static func == (left: Backlog, right: Backlog) -> Bool { left === right }
}
