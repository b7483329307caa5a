internal import BaridLog
internal import SimulatedDisk

/// A file system that passes everything on; planted faults override what they break.
class WrappedFileSystem: LogFileSystem, @unchecked Sendable {
    // Guarded by nothing: one thread runs a whole simulation.
    let disk: FaultyDisk

    init(_ disk: FaultyDisk) { self.disk = disk }

    func list(_ folder: String) throws(FileError) -> [String] { try disk.list(folder) }
    func makeFolder(_ path: String) throws(FileError) { try disk.makeFolder(path) }
    func open(_ path: String, creating: Bool) throws(FileError) -> any LogFile {
        WrappedFile(try disk.open(path, creating: creating), sync)
    }
    func rename(_ path: String, to newPath: String) throws(FileError) {
        try disk.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(FileError) { try disk.remove(path) }
    func syncFolder(_ path: String) throws(FileError) { try disk.syncFolder(path) }
    func freeBytes(_ folder: String) -> Int { disk.freeBytes(folder) }
    func randomNumber() -> UInt64 { disk.randomNumber() }
    func beside(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        disk.beside(work)
    }

    /// How files are synced.
    func sync(_ file: any LogFile) throws(FileError) { try file.sync() }
}

/// A file whose syncs go another way.
final class WrappedFile: LogFile, @unchecked Sendable {
    // Guarded by nothing: one thread runs a whole simulation.
    private let file: any LogFile
    private let body: (any LogFile) throws(FileError) -> Void

    init(_ file: any LogFile, _ body: @escaping (any LogFile) throws(FileError) -> Void) {
        self.file = file
        self.body = body
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try file.write(bytes, at: offset)
    }
    func reserve(_ count: Int) throws(FileError) { try file.reserve(count) }
    func sync() throws(FileError) { try body(file) }
    func size() throws(FileError) -> Int { try file.size() }
}

/// Nothing is ever synced.
final class SkippedSync: Mutant {
    private final class Files: WrappedFileSystem, @unchecked Sendable {
        override func sync(_ file: any LogFile) throws(FileError) {}
    }

    override var name: String { "fsync is skipped" }
    override var noticedBy: Set<String> { ["durability"] }
    override func fileSystem(_ disk: FaultyDisk) -> any LogFileSystem { Files(disk) }
}

/// A commit counts as durable while another thread still syncs it.
final class UnawaitedSync: Mutant {
    private final class Log: WrappedLog {
        override func beginCommit(
            _ ended: @escaping @Sendable () -> Void
        ) throws(LogError) -> CommitProgress {
            _ = try log.beginCommit(ended)
            return .durable
        }
    }

    override var name: String { "a sync on another thread is not awaited" }
    override var noticedBy: Set<String> { ["durability"] }
    override func adjust(_ plan: inout RunPlan) {
        plan.core.asideBytes = 0
        plan.faults = [.powerLoss]
    }
    override func log(_ log: SegmentedLog) -> WrappedLog { Log(log) }
}

/// A sync that failed is tried again, and what it says then is believed.
final class RetriedSync: Mutant {
    private final class Files: WrappedFileSystem, @unchecked Sendable {
        override func sync(_ file: any LogFile) throws(FileError) {
            do throws(FileError) {
                try file.sync()
            } catch {
                try file.sync()
            }
        }
    }

    override var name: String { "a failed fsync is tried again" }
    override var noticedBy: Set<String> { ["durability"] }
    override func adjust(_ plan: inout RunPlan) { plan.faults = [.syncDataGone, .powerLoss] }
    override func fileSystem(_ disk: FaultyDisk) -> any LogFileSystem { Files(disk) }
}

/// Folders are not synced, so new names are gone after a power cut.
final class SkippedFolderSync: Mutant {
    private final class Files: WrappedFileSystem, @unchecked Sendable {
        override func syncFolder(_ path: String) throws(FileError) {}
    }

    override var name: String { "folders are not synced" }
    override var noticedBy: Set<String> { ["durability"] }
    override func fileSystem(_ disk: FaultyDisk) -> any LogFileSystem { Files(disk) }
}
