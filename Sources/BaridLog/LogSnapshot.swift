/// The owner's state as of a position, so that a start need not read the log from its beginning.
public struct LogSnapshot: Sendable, Equatable {
    /// The last record whose effect the state holds.
    public var position: UInt64
    /// The state, in the owner's own encoding.
    public var bytes: [UInt8]

    /// Creates a snapshot.
    public init(position: UInt64, bytes: [UInt8]) {
        self.position = position
        self.bytes = bytes
    }
}
