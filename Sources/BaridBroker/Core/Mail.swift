internal import BaridEngine

/// What the other threads tell the core.
enum Mail: Sendable {
    /// A stream began; everything about it comes after this.
    case opened(StreamID, any BusStream, StreamRole)
    /// A stream's request, and how many bytes of credit return when it is dealt with.
    case request(StreamID, Input, bytes: Int)
    /// A reader's request.
    case read(StreamID, ReadPlan)
    /// The peer sends nothing more; its status follows what it waits for.
    case halfClosed(StreamID)
    /// The peer is gone.
    case closed(StreamID, Input.EndCause)
    /// Something to do on the core's thread.
    case perform(@Sendable (Core) -> Void)
    /// The end: commit, close, leave.
    case stop
}

/// What a stream is for.
enum StreamRole: Sendable, Equatable {
    /// It publishes.
    case publish
    /// It subscribes, on a session.
    case subscribe(session: UInt64)
    /// It reads.
    case read
}
