internal import BaridEngine

/// A log whose files can be copied while it is used; an optional power of an ``EventLog``.
public protocol BackupSource: AnyObject {
    /// Seals the log and keeps its files as they are until ``releaseFiles()``.
    ///
    /// Several cuts may be held at once; each is released once.
    ///
    /// - Parameter state: Gives the owner's state after the last durable record; called later, on
    ///   another thread.
    /// - Returns: The files as of now; what is appended from now on is beyond their ends.
    /// - Throws: As ``EventLog/seal()``.
    func holdFiles(state: @escaping @Sendable () -> [UInt8]) throws(LogError) -> LogCut

    /// Lets files go again.
    func releaseFiles()
}

/// A consistent cut of a log, to be copied.
public struct LogCut: Sendable {
    /// One file, or its beginning.
    public struct File: Sendable {
        /// Its name in the log's folder.
        public var name: String
        /// How many of its bytes belong to the cut.
        public var bytes: Int
        let path: String
        let files: any LogFileSystem

        /// Reads a piece; fewer bytes when the file is shorter.
        public func read(_ count: Int, at offset: Int) throws -> [UInt8] {
            try files.open(path, creating: false).read(count, at: offset)
        }
    }

    /// The last record in it.
    public var position: UInt64
    /// The segments, the oldest first.
    public var files: [File]
    let state: @Sendable () -> [UInt8]

    /// The snapshot that belongs to the cut, as a file; encoding it takes a while.
    ///
    /// - Returns: The file's bytes, and the hash of the state in it.
    public func snapshotFile() -> (bytes: [UInt8], stateHash: UInt64) {
        let bytes = state()
        return (
            SnapshotStore.header(of: bytes, at: position) + bytes,
            Durable.hash(ofSnapshot: bytes)
        )
    }
}

extension SegmentedLog: BackupSource {
    /// Seals, and keeps every segment until it is released.
    public func holdFiles(state: @escaping @Sendable () -> [UInt8]) throws(LogError) -> LogCut {
        try seal()
        holds += 1
        let segments = complete + [active]
        return LogCut(
            position: durablePosition,
            files: segments.map { segment in
                LogCut.File(
                    name: Segment.name(firstPosition: segment.header.firstPosition),
                    // Index and summary of a complete segment may still be on their way.
                    bytes: segment === active ? segment.end : max(segment.end, segment.fileBytes),
                    path: segment.path, files: files)
            }, state: state)
    }

    /// Lets segments go again.
    public func releaseFiles() {
        holds = max(0, holds - 1)
    }
}
