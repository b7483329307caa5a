/// What a log asks of the machine: files, folders, and numbers nobody can guess.
///
/// A seam, so that a test can tear writes, fail syncs and fill the disk. Calls come from the
/// log's owner thread and from the thread that prepares segments.
public protocol LogFileSystem: Sendable {
    /// Names of the files in a folder, in any order.
    func list(_ folder: String) throws(FileError) -> [String]

    /// Makes a folder, and those above it, that only this user may enter; done if it is there.
    func makeFolder(_ path: String) throws(FileError)

    /// Opens a file for reading and writing; `creating` makes it, or empties one that is there.
    func open(_ path: String, creating: Bool) throws(FileError) -> any LogFile

    /// Renames a file within its folder, replacing what has the new name.
    func rename(_ path: String, to newPath: String) throws(FileError)

    /// Removes a file.
    func remove(_ path: String) throws(FileError)

    /// Makes the names in a folder durable.
    func syncFolder(_ path: String) throws(FileError)

    /// Bytes free for this user on the file system of a folder.
    func freeBytes(_ folder: String) -> Int

    /// A random number, by which a segment is told from its file's former lives.
    func randomNumber() -> UInt64

    /// Does work on another thread, such as a sync that the owner does not wait for; at once where
    /// there is no other thread.
    ///
    /// - Parameter work: Called once.
    /// - Returns: Returns when called as soon as the work is done.
    func beside(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void
}

extension LogFileSystem {
    /// Does the work at once.
    ///
    /// - Parameter work: Called before this returns.
    /// - Returns: Does nothing.
    public func beside(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        work()
        return {}
    }
}

/// An open file, closed when it is let go of.
public protocol LogFile: AnyObject, Sendable {
    /// Reads until the buffer is full or the file ends.
    ///
    /// - Returns: How many bytes were read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int

    /// Writes all bytes.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError)

    /// Writes zeros, past the system's cache where it allows that: nobody reads them soon.
    ///
    /// - Parameter range: Offsets within what is reserved.
    /// - Throws: ``FileError`` when there is no room, or the disk fails.
    func writeZeros(_ range: Range<Int>) throws(FileError)

    /// Makes the file so many bytes long and sees to it that writing within them finds room.
    func reserve(_ count: Int) throws(FileError)

    /// Makes what was written durable, as `fdatasync` does.
    func sync() throws(FileError)

    /// The file's size in bytes.
    func size() throws(FileError) -> Int

    /// Says that what was read and written will not be wanted soon, so that the system need not
    /// keep it in memory; a hint, which may do nothing.
    func forgetCached()
}

extension LogFile {
    /// Writes them as any other bytes.
    ///
    /// - Parameter range: Offsets within what is reserved.
    /// - Throws: ``FileError`` when there is no room, or the disk fails.
    public func writeZeros(_ range: Range<Int>) throws(FileError) {
        try write([UInt8](repeating: 0, count: range.count), at: range.lowerBound)
    }

    /// Does nothing.
    public func forgetCached() {}
}
