/// Why a log could not do what it was asked for.
public enum LogError: Error, Equatable, Sendable {
    /// There is no room, and nothing was written: the log can be used on.
    case full(FileError)
    /// A write or sync failed: the log takes nothing more until the process starts again.
    case failed(FileError)
    /// Data that was acknowledged cannot be read as it was written. Nothing is cut off.
    case damaged(LogDamage)
    /// A file could not be opened or read.
    case unreadable(FileError)
    /// The owner's idea of the last position is wrong: another one has written.
    case fenced(expected: UInt64, actual: UInt64)
    /// A record is larger than the log takes.
    case entryTooLarge(bytes: Int, maximum: Int)
    /// Records before `first` are no longer kept.
    case trimmed(first: UInt64)
    /// A snapshot or trim reaches beyond what is durable.
    case notDurable(position: UInt64, durable: UInt64)
    /// The folder belongs to another process.
    case inUse(folder: String, process: Int32?, since: String?)
    /// The folder was written by a newer version, or by something else.
    case format(folder: String, found: String, supported: Int)
    /// A setting makes no sense.
    case setting(String)
    /// The log was closed.
    case closed
}

/// Where a log is damaged, and what that means.
public struct LogDamage: Error, Equatable, Sendable {
    /// The file.
    public var file: String
    /// Where in the file, in bytes from its beginning.
    public var offset: Int
    /// The first record that is lost, and the last one known to have been durable.
    public var positions: ClosedRange<UInt64>
    /// What is wrong there.
    public var reason: String

    /// Creates a statement of damage.
    public init(file: String, offset: Int, positions: ClosedRange<UInt64>, reason: String) {
        self.file = file
        self.offset = offset
        self.positions = positions
        self.reason = reason
    }
}

/// A file operation the system refused.
public struct FileError: Error, Equatable, Sendable {
    /// What was tried: `open`, `write`, `sync` and so on.
    public var operation: String
    /// The file or folder.
    public var path: String
    /// The system's error number.
    public var code: Int32

    /// Creates a file error.
    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }
}

/// Does what only reads: what the file system refuses then is ``LogError/unreadable(_:)``.
func readable<Result>(
    _ body: () throws(FileError) -> Result
) throws(LogError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw .unreadable(error)
    }
}
