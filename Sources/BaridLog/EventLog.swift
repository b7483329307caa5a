/// The durable memory of a broker: records in the order they were appended, and snapshots.
///
/// This is the seam behind which a log in memory, segmented files and, later, a replicated log
/// stand; one conformance suite holds them to what is said here.
///
/// A log has **one owner thread**, and every call is made on it and returns when the work is
/// done. ``append(_:expecting:)`` gives records their positions and keeps them in memory;
/// ``commit()`` makes everything appended so far durable, in one write and one sync where it
/// fits, and ``beginCommit(_:)`` leaves the sync to another thread. A record is read back only once
/// it is durable. The owner answers nobody about a record before the commit that holds it has
/// returned, or is over by ``endCommit(waiting:)``.
///
/// After a write or sync that failed, the log has failed for ever: nothing is tried again,
/// because a second sync may report success for data that is gone. Every later call to append,
/// commit, trim, or write throws ``LogError/failed(_:)``, and the process should end.
public protocol EventLog: AnyObject {
    /// Position of the first record that is kept; one more than ``lastPosition`` when there is
    /// none.
    var firstPosition: UInt64 { get }

    /// Position of the last record appended, durable or not; 0 before the first one.
    var lastPosition: UInt64 { get }

    /// Position of the last record that survives a power cut; 0 before the first one.
    var durablePosition: UInt64 { get }

    /// Wall time of the last record appended, in nanoseconds since 1970; 0 before the first one.
    ///
    /// An owner that never lets its own recorded time go back begins here.
    var lastWallTime: Int64 { get }

    /// The most payload bytes one record may have.
    var maximumPayloadBytes: Int { get }

    /// How much is held, and how much more fits. Costs a system call.
    var space: LogSpace { get }

    /// Appends records; all of them or, when it throws, none.
    ///
    /// - Parameters:
    ///   - entries: The records, in order.
    ///   - expected: What ``lastPosition`` is, as far as the owner knows. This is the fence: an
    ///     owner that was overtaken by another one must not write.
    /// - Returns: Position of the last record.
    /// - Throws: ``LogError/fenced(expected:actual:)``, ``LogError/entryTooLarge(bytes:maximum:)``
    ///   or ``LogError/full(_:)``, after each of which the log is as it was before the call and
    ///   can be used; ``LogError/failed(_:)``; ``LogError/closed``.
    @discardableResult
    func append(_ entries: [NewLogEntry], expecting expected: UInt64) throws(LogError) -> UInt64

    /// Bytes that the next ``commit()`` will write, so that the owner can keep a commit small.
    ///
    /// About 1 MiB is a good size: beyond it the sync takes longer than it saves. An
    /// implementation splits a larger commit itself.
    var pendingBytes: Int { get }

    /// Makes every record appended so far durable. Does nothing when there is none.
    ///
    /// - Throws: ``LogError/failed(_:)`` when it could not be made certain; ``LogError/closed``.
    func commit() throws(LogError)

    /// Begins to make every record appended so far durable, without holding the owner up while the
    /// disk works, where the log can do that.
    ///
    /// A log that cannot does it at once, as ``commit()``, which is what the implementation that
    /// comes with the protocol does. One commit at a time is under way: another one waits for it.
    ///
    /// - Parameter ended: Called once, on any thread, when the disk is done with a commit that is
    ///   under way; ``endCommit(waiting:)`` does not wait then.
    /// - Returns: Whether the records are durable already.
    /// - Throws: As ``commit()``.
    func beginCommit(_ ended: @escaping @Sendable () -> Void) throws(LogError) -> CommitProgress

    /// Takes note of a commit that was begun: once it is over its records are durable.
    ///
    /// - Parameter waiting: Whether to wait until it is over.
    /// - Returns: Whether no commit is under way any more.
    /// - Throws: As ``commit()``.
    func endCommit(waiting: Bool) throws(LogError) -> Bool

    /// Makes certain what ``commit()`` only wrote, in a log that was told to sync later.
    ///
    /// Does nothing when nothing waits for it.
    ///
    /// - Throws: As ``commit()``.
    func sync() throws(LogError)

    /// Says in the log that the last commit is durable, so that damage to it is told from a
    /// commit cut short by a crash. Does nothing when that is said already.
    ///
    /// The owner calls it when nothing was appended for 100 ms, and ``close()`` does it too.
    ///
    /// - Throws: As ``commit()``, which it does first.
    func seal() throws(LogError)

    /// Reads durable records in order.
    ///
    /// Reading on from where the last read ended is cheap, and so is reading single records
    /// near one another: memory stays bounded whatever the distance to the end.
    ///
    /// - Parameters:
    ///   - position: The first record to read.
    ///   - maximumBytes: Payload bytes after which no further record is added; the first record
    ///     comes whatever its size.
    ///   - maximumCount: The most records to return, at least 1.
    /// - Returns: The records; none when `position` is beyond ``durablePosition``. Fewer than
    ///   asked for does not mean that there are no more.
    /// - Throws: ``LogError/trimmed(first:)`` when the record is no longer kept;
    ///   ``LogError/damaged(_:)`` naming file and offset; ``LogError/unreadable(_:)``;
    ///   ``LogError/closed``.
    func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry]

    /// A piece of the log that ``trim(before:)`` can let go of as a whole, the oldest first.
    ///
    /// - Parameter index: Which, from 0.
    /// - Returns: The piece; `nil` when there are not so many before the one written to.
    func part(at index: Int) -> LogPart?

    /// Lets go of records before a position, as far as whole files allow.
    ///
    /// - Parameter position: The first record that must be kept; at most one more than
    ///   ``durablePosition``.
    /// - Throws: ``LogError/failed(_:)``; ``LogError/closed``.
    func trim(before position: UInt64) throws(LogError)

    /// Stores the owner's state; those of the latest two positions are kept.
    ///
    /// - Parameters:
    ///   - bytes: The state.
    ///   - position: The last record whose effect it holds, at most ``durablePosition``.
    /// - Throws: ``LogError/full(_:)`` when there is no room, after which everything is as it
    ///   was; ``LogError/notDurable(position:durable:)``; ``LogError/failed(_:)``;
    ///   ``LogError/closed``.
    func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError)

    /// Stores the owner's state without holding the owner up, where the log can do that.
    ///
    /// A log that cannot does it at once, as ``writeSnapshot(_:at:)``, which is what the
    /// implementation that comes with the protocol does.
    ///
    /// - Parameters:
    ///   - position: The last record whose effect the state holds, at most ``durablePosition``.
    ///   - state: Gives the state's bytes; it may be called on another thread.
    /// - Returns: Whether it is stored already. If not, ``takeSnapshotOutcome()`` says when it is.
    /// - Throws: As ``writeSnapshot(_:at:)``.
    func beginSnapshot(
        at position: UInt64, _ state: @escaping @Sendable () -> [UInt8]
    ) throws(LogError) -> SnapshotProgress

    /// What became of a snapshot that was begun; `nil` while it is under way, and when it was
    /// told before.
    ///
    /// - Returns: The position of the snapshot that is stored now.
    /// - Throws: ``LogError/full(_:)``, after which everything is as it was;
    ///   ``LogError/failed(_:)``.
    func takeSnapshotOutcome() throws(LogError) -> UInt64?

    /// Positions of the snapshots that are kept, the oldest first.
    var snapshotPositions: [UInt64] { get }

    /// The latest snapshot that can be read, or `nil`.
    ///
    /// - Throws: ``LogError/unreadable(_:)``; ``LogError/closed``.
    func latestSnapshot() throws(LogError) -> LogSnapshot?

    /// Commits, seals and gives back every file. Closing twice does nothing.
    ///
    /// - Throws: As ``seal()``; the files are given back all the same.
    func close() throws(LogError)
}

extension EventLog {
    /// Stores the state at once.
    public func beginSnapshot(
        at position: UInt64, _ state: @escaping @Sendable () -> [UInt8]
    ) throws(LogError) -> SnapshotProgress {
        try writeSnapshot(state(), at: position)
        return .stored
    }

    /// Commits at once.
    public func beginCommit(
        _ ended: @escaping @Sendable () -> Void
    ) throws(LogError) -> CommitProgress {
        try commit()
        return .durable
    }

    /// None is ever under way.
    public func endCommit(waiting: Bool) throws(LogError) -> Bool { true }

    /// Every commit is certain already.
    public func sync() throws(LogError) {}

    /// Nothing is let go of.
    public func part(at index: Int) -> LogPart? { nil }

    /// Nothing is ever under way.
    public func takeSnapshotOutcome() throws(LogError) -> UInt64? { nil }
}

/// How far a commit that was begun is.
public enum CommitProgress: Sendable {
    /// Its records are durable.
    case durable
    /// They are being synced.
    case underWay
}

/// How far a snapshot that was begun is.
public enum SnapshotProgress: Sendable {
    /// It is stored.
    case stored
    /// It is being written.
    case underWay
}
