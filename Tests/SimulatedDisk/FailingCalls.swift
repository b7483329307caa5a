package import BaridLog
internal import Synchronization

/// A file system one call of which fails, or all from that one on, in front of another.
///
/// SQLite's method: run a workload with the first call failing, then the second, and so on until
/// none fails. Hints and what has no error of its own are not counted.
package final class FailingCalls: LogFileSystem {
    private struct State {
        var calls = 0
    }

    private let disk: FaultyDisk
    private let first: Int
    private let code: Int32
    private let forEver: Bool
    private let losesData: Bool
    private let state = Mutex(State())

    /// Puts itself in front of a disk.
    ///
    /// - Parameters:
    ///   - disk: Where the calls go that do not fail.
    ///   - first: The number of the call that fails, from 1.
    ///   - code: The system's error number. Of a write that fails the first half is done.
    ///   - forEver: Whether the calls after it fail too.
    ///   - losesData: Whether a sync that fails lets go of the data, so that the next one succeeds
    ///     for nothing.
    package init(
        _ disk: FaultyDisk, failing first: Int, code: Int32, forEver: Bool = false,
        losesData: Bool = false
    ) {
        self.disk = disk
        self.first = first
        self.code = code
        self.forEver = forEver
        self.losesData = losesData
    }

    /// Whether any call has failed.
    package var hasFailed: Bool { state.withLock { $0.calls >= first } }

    /// Counts a call; true when it is to fail.
    fileprivate func fails() -> Bool {
        state.withLock { state in
            state.calls += 1
            return forEver ? state.calls >= first : state.calls == first
        }
    }

    fileprivate func error(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: code)
    }

    fileprivate func spoilSync() {
        if losesData { disk.failSync(.dataGone) }
    }

    fileprivate var spoilsSyncs: Bool { losesData }

    private func check(_ operation: String, _ path: String) throws(FileError) {
        if fails() { throw error(operation, path) }
    }

    // MARK: LogFileSystem

    package func list(_ folder: String) throws(FileError) -> [String] {
        try check("list", folder)
        return try disk.list(folder)
    }

    package func makeFolder(_ path: String) throws(FileError) {
        try check("make", path)
        try disk.makeFolder(path)
    }

    package func open(_ path: String, creating: Bool) throws(FileError) -> any LogFile {
        try check("open", path)
        return File(calls: self, file: try disk.open(path, creating: creating), path: path)
    }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        try check("rename", path)
        try disk.rename(path, to: newPath)
    }

    package func remove(_ path: String) throws(FileError) {
        try check("remove", path)
        try disk.remove(path)
    }

    package func syncFolder(_ path: String) throws(FileError) {
        try check("sync", path)
        try disk.syncFolder(path)
    }

    package func freeBytes(_ folder: String) -> Int { disk.freeBytes(folder) }

    package func randomNumber() -> UInt64 { disk.randomNumber() }

    private final class File: LogFile {
        private let calls: FailingCalls
        private let file: any LogFile
        private let path: String

        init(calls: FailingCalls, file: any LogFile, path: String) {
            self.calls = calls
            self.file = file
            self.path = path
        }

        func read(
            into buffer: UnsafeMutableRawBufferPointer, at offset: Int
        ) throws(FileError) -> Int {
            if calls.fails() { throw calls.error("read", path) }
            return try file.read(into: buffer, at: offset)
        }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
            guard calls.fails() else { return try file.write(bytes, at: offset) }
            try file.write(
                UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), at: offset)
            throw calls.error("write", path)
        }

        func reserve(_ count: Int) throws(FileError) {
            guard calls.fails() else { return try file.reserve(count) }
            try file.reserve(count / 2)
            throw calls.error("reserve", path)
        }

        func sync() throws(FileError) {
            guard calls.fails() else { return try file.sync() }
            if calls.spoilsSyncs {
                calls.spoilSync()
                try file.sync()
            }
            throw calls.error("sync", path)
        }

        func size() throws(FileError) -> Int {
            if calls.fails() { throw calls.error("size", path) }
            return try file.size()
        }

        func forgetCached() { file.forgetCached() }
    }
}
