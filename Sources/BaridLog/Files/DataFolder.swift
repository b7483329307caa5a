#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A broker's data folder, held by this process alone.
///
/// The folder has a file `FORMAT` with the number of its layout, and a file `LOCK` that is locked
/// while a broker runs and names its process. Logs and indexes are folders in it. The lock ends
/// with the process, however it ends.
public final class DataFolder: Sendable {
    /// The layout this version reads and writes.
    ///
    /// 1 had no copy of segment headers and no trims; what it wrote is read as it is.
    public static let format = 2

    /// The folder.
    public let path: String
    /// The format the folder had, if it was an older one and was upgraded just now.
    public let upgradedFrom: Int?
    private let descriptor: Int32

    /// Where the broker's log is.
    public var logPath: String { "\(path)/log" }

    /// Locks a folder, which is made if it is not there, and checks its format.
    ///
    /// - Parameter path: The folder.
    /// - Throws: ``LogError/inUse(folder:process:since:)`` while another process has it;
    ///   ``LogError/format(folder:found:supported:)`` when it was written by a newer version;
    ///   ``LogError/unreadable(_:)``.
    public init(path: String) throws(LogError) {
        self.path = path
        descriptor = try Self.lock(path)
        do throws(LogError) {
            upgradedFrom = try Self.checkFormat(path)
        } catch {
            close(descriptor)
            throw error
        }
        // Everything is set: should this throw, the deinitializer unlocks.
        try Self.writeHolder(descriptor, folder: path)
    }

    deinit {
        close(descriptor)
    }

    private static func lock(_ path: String) throws(LogError) -> Int32 {
        do throws(FileError) {
            try PosixFileSystem().makeFolder(path)
        } catch {
            throw .unreadable(error)
        }
        let file = "\(path)/LOCK"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let words = contents(descriptor).split(separator: " ")
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw .unreadable(FileError(operation: "lock", path: file, code: code))
            }
            throw .inUse(
                folder: path, process: words.first.flatMap { Int32($0) },
                since: words.dropFirst().first.map(String.init))
        }
        return descriptor
    }

    /// Reads the number in `FORMAT`, writes it into a new folder, or raises an older one.
    ///
    /// - Returns: The older format, if it was raised.
    private static func checkFormat(_ path: String) throws(LogError) -> Int? {
        let file = "\(path)/FORMAT"
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure("open", file) }
            try writeFormat(path)
            return nil
        }
        let found = contents(descriptor)
        close(descriptor)
        guard let number = Int(found), (1...format).contains(number) else {
            throw .format(
                folder: path, found: found.isEmpty ? "unknown" : found, supported: format)
        }
        guard number < format else { return nil }
        // Every format up to this one is read; only older versions must not write here again.
        try writeFormat(path)
        return number
    }

    private static func writeFormat(_ path: String) throws(LogError) {
        let files = PosixFileSystem()
        let file = "\(path)/FORMAT"
        do throws(FileError) {
            let unfinished = file + ".tmp"
            let new = try files.open(unfinished, creating: true)
            try new.write(Array("\(format)\n".utf8), at: 0)
            try new.sync()
            try files.rename(unfinished, to: file)
            try files.syncFolder(path)
        } catch {
            guard error.isFull else { throw .unreadable(error) }
            throw .full(error)
        }
    }

    /// Writes process and time into the locked file, for whoever comes second.
    private static func writeHolder(_ descriptor: Int32, folder: String) throws(LogError) {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        let moment = String(
            decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let line = Array("\(getpid()) \(moment)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, line, line.count, 0) == line.count
        else { throw failure("write", "\(folder)/LOCK") }
    }

    private static func contents(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        return text.split { $0.isNewline }.first.map(String.init) ?? ""
    }

    private static func failure(_ operation: String, _ path: String) -> LogError {
        .unreadable(FileError(operation: operation, path: path, code: errno))
    }
}
