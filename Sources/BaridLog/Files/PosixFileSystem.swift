internal import CStorage
internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The file system of this machine.
public struct PosixFileSystem: LogFileSystem {
    private let queue = DispatchQueue(label: "barid.log.beside")

    /// Creates it.
    public init() {}

    /// Names in a folder.
    public func list(_ folder: String) throws(FileError) -> [String] {
        guard let directory = opendir(folder) else { throw Self.failure("list", folder) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a folder and those above it.
    public func makeFolder(_ path: String) throws(FileError) {
        var isFolder = stat()
        if stat(path, &isFolder) == 0, isFolder.st_mode & S_IFMT == S_IFDIR { return }
        let parent = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        if !parent.isEmpty {
            try makeFolder((path.hasPrefix("/") ? "/" : "") + parent.joined(separator: "/"))
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw Self.failure("make folder", path)
        }
    }

    /// Opens a file; others may not read it.
    public func open(_ path: String, creating: Bool) throws(FileError) -> any LogFile {
        try PosixFile(path: path, creating: creating)
    }

    /// Renames a file.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        #if canImport(Glibc)
            let result = Glibc.rename(path, newPath)
        #else
            let result = Darwin.rename(path, newPath)
        #endif
        guard result == 0 else { throw Self.failure("rename", path) }
    }

    /// Removes a file.
    public func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 else { throw Self.failure("remove", path) }
    }

    /// Syncs a folder.
    public func syncFolder(_ path: String) throws(FileError) {
        #if canImport(Glibc)
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        #else
            let descriptor = Darwin.open(path, O_RDONLY | O_CLOEXEC)
        #endif
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { close(descriptor) }
        guard retryingInterrupted({ fsync(descriptor) }) == 0 else {
            throw Self.failure("sync", path)
        }
    }

    /// Free bytes; 0 when the system does not say.
    public func freeBytes(_ folder: String) -> Int {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return 0 }
        let (bytes, overflow) = UInt64(status.f_bavail)
            .multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
    }

    /// A number from the system's generator.
    public func randomNumber() -> UInt64 {
        .random(in: .min ... .max)
    }

    /// Does work on a thread of its own, one thing after the other.
    public func beside(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        let group = DispatchGroup()
        queue.async(group: group, execute: work)
        return { group.wait() }
    }

    fileprivate static func failure(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: errno)
    }
}

/// Calls again what a signal interrupted.
///
/// Of a sync this is no second try after a failure. A sync that failed has told about the lost pages,
/// and the next one says nothing of them any more. EINTR says only that the call ended before the
/// wait did (a network or FUSE file system; those of local disks wait without looking at signals): an
/// error of writing is told before that, as EIO, and one that comes later is told by the next call.
func retryingInterrupted(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        guard result < 0, errno == EINTR else { return result }
    }
}

private final class PosixFile: LogFile {
    private let path: String
    private let descriptor: Int32

    init(path: String, creating: Bool) throws(FileError) {
        self.path = path
        let flags = O_RDWR | O_CLOEXEC | (creating ? O_CREAT | O_TRUNC : 0)
        #if canImport(Glibc)
            descriptor = Glibc.open(path, flags, 0o600)
        #else
            descriptor = Darwin.open(path, flags, 0o600)
        #endif
        guard descriptor >= 0 else { throw PosixFileSystem.failure("open", path) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PosixFileSystem.failure("read", path) }
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PosixFileSystem.failure("write", path) }
            done += count
        }
    }

    func writeZeros(_ range: Range<Int>) throws(FileError) {
        // Half of what filling a file costs is copying zeros into the cache, and the pages for it.
        let result = barid_write_zeros(descriptor, range.lowerBound, range.count)
        guard result >= 0 else { throw PosixFileSystem.failure("write", path) }
        if result == 0 {
            try write([UInt8](repeating: 0, count: range.count), at: range.lowerBound)
        }
    }

    func reserve(_ count: Int) throws(FileError) {
        #if canImport(Darwin)
            try fillWithZeros(0..<count)
        #else
            let code = posix_fallocate(descriptor, 0, off_t(count))
            guard code == 0 else {
                throw FileError(operation: "reserve", path: path, code: code)
            }
        #endif
    }

    func sync() throws(FileError) {
        #if canImport(Darwin)
            // fsync there does not reach the medium.
            let descriptor = descriptor
            guard retryingInterrupted({ fcntl(descriptor, F_FULLFSYNC) }) == 0 else {
                throw PosixFileSystem.failure("sync", path)
            }
        #else
            guard retryingInterrupted({ fdatasync(descriptor) }) == 0 else {
                throw PosixFileSystem.failure("sync", path)
            }
        #endif
    }

    func forgetCached() {
        #if os(Linux)
            // Only what is on the disk already is forgotten.
            _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        #endif
    }

    func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw PosixFileSystem.failure("stat", path) }
        return Int(status.st_size)
    }
}
