/// One record of the log as it is read back.
///
/// The log knows nothing of what a record means: kind and payload are the engine's.
public struct LogEntry: Sendable, Equatable {
    /// The kind of the mark that a repair leaves where a record was lost to damage.
    ///
    /// Kinds from 200 on belong to the log itself.
    public static let lost: UInt8 = 200

    /// The kind of a record whose body was blanked (`erased` of Protocols/2-bus §11).
    public static let erased: UInt8 = 19

    /// Where it stands: 1 for the first record ever appended, without gaps.
    public var position: UInt64
    /// What kind of record it is.
    public var kind: UInt8
    /// Marks of the owner's, stored as they are.
    public var flags: UInt16
    /// Wall time of the append as its owner gave it, in nanoseconds since 1970.
    public var wallTime: Int64
    /// The record's bytes; a slice of the larger piece of log that was read at once.
    public var payload: ArraySlice<UInt8>

    /// Creates an entry.
    public init(
        position: UInt64, kind: UInt8, flags: UInt16 = 0, wallTime: Int64,
        payload: ArraySlice<UInt8>
    ) {
        self.position = position
        self.kind = kind
        self.flags = flags
        self.wallTime = wallTime
        self.payload = payload
    }
}

/// One record to be appended.
///
/// The payload comes in slices, so that the events of a batch are written from the message they
/// came in, without being put together first.
public struct NewLogEntry: Sendable {
    /// What kind of record it is.
    public var kind: UInt8
    /// Marks of the owner's, stored as they are.
    public var flags: UInt16
    /// Wall time, in nanoseconds since 1970.
    public var wallTime: Int64
    /// The record's bytes, to be stored one slice after the other.
    public var payload: [ArraySlice<UInt8>]

    /// Creates an entry to append.
    public init(
        kind: UInt8, flags: UInt16 = 0, wallTime: Int64, payload: [ArraySlice<UInt8>]
    ) {
        self.kind = kind
        self.flags = flags
        self.wallTime = wallTime
        self.payload = payload
    }

    /// How many bytes the payload has.
    public var payloadBytes: Int {
        payload.reduce(0) { $0 + $1.count }
    }
}
