internal import Dispatch
internal import Synchronization

/// Segment files prepared in the background: filled with zeros, so that the log's owner thread
/// never waits for that.
///
/// A file being filled is `spare-N.tmp`; one that is ready is `spare-N`.
final class SpareShelf: Sendable {
    /// A file that is ready to become a segment.
    struct Spare: Equatable {
        var name: String
        var bytes: Int
    }

    private struct State {
        var ready: [Spare] = []
        var nextNumber = 0
        var isWorking = false
        var isStopped = false
    }

    private let files: any LogFileSystem
    private let folder: String
    private let segmentBytes: Int
    private let wanted: Int
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "barid.log.spares", qos: .utility)

    /// Creates a shelf with the spares that were found in the folder.
    init(
        files: any LogFileSystem, folder: String, segmentBytes: Int, wanted: Int, found: [Spare]
    ) {
        self.files = files
        self.folder = folder
        self.segmentBytes = segmentBytes
        self.wanted = wanted
        var state = State(ready: found)
        for spare in found {
            guard let number = Int(spare.name.dropFirst(Self.prefix.count)) else { continue }
            state.nextNumber = max(state.nextNumber, number.saturatingAdd(1))
        }
        self.state = Mutex(state)
    }

    static let prefix = "spare-"
    static let unfinishedSuffix = ".tmp"
    /// EINTR: the log was closed meanwhile.
    private static let interrupted: Int32 = 4

    /// Bytes of all spares that are ready.
    var readyBytes: Int {
        state.withLock { $0.ready.reduce(0) { $0 + $1.bytes } }
    }

    /// Begins to prepare what is wanted, in the background.
    func refill() {
        let begins = state.withLock { state in
            guard !state.isStopped, !state.isWorking, state.ready.count < wanted else {
                return false
            }
            state.isWorking = true
            return true
        }
        guard begins else { return }
        queue.async { self.work() }
    }

    private func work() {
        while true {
            let isWanted = state.withLock { state in
                state.isWorking = !state.isStopped && state.ready.count < wanted
                return state.isWorking
            }
            guard isWanted else { return }
            do throws(FileError) {
                let spare = try make(bytes: segmentBytes, filled: true)
                state.withLock { $0.ready.append(spare) }
            } catch {
                // The owner makes a small one itself when it needs one, and reports the error.
                state.withLock { $0.isWorking = false }
                return
            }
        }
    }

    /// Takes a spare that is ready and large enough.
    func take(minimumBytes: Int) -> Spare? {
        state.withLock { state in
            guard let index = state.ready.firstIndex(where: { $0.bytes >= minimumBytes }) else {
                return nil
            }
            return state.ready.remove(at: index)
        }
    }

    /// Makes a spare and hands it to the caller.
    ///
    /// Filling takes its time, and pays it back with every sync; one that is wanted at once only
    /// has its room reserved.
    ///
    /// - Throws: When there is no room, or the disk fails; nothing is left behind then.
    func make(bytes: Int, filled: Bool) throws(FileError) -> Spare {
        let name = state.withLock { state in
            state.nextNumber += 1
            return "\(Self.prefix)\(state.nextNumber - 1)"
        }
        let path = "\(folder)/\(name)"
        let unfinished = path + Self.unfinishedSuffix
        do throws(FileError) {
            let file = try files.open(unfinished, creating: true)
            try file.reserve(bytes)
            if filled {
                try file.fillWithZeros(0..<bytes) { self.state.withLock { !$0.isStopped } }
                guard state.withLock({ !$0.isStopped }) else {
                    throw FileError(operation: "prepare", path: unfinished, code: Self.interrupted)
                }
            }
            try file.sync()
            try files.rename(unfinished, to: path)
            try files.syncFolder(folder)
        } catch {
            // What cannot be removed either is removed at the next start.
            try? files.remove(unfinished)
            throw error
        }
        return Spare(name: name, bytes: bytes)
    }

    /// Keeps the file of a segment no longer needed, when one is wanted.
    ///
    /// - Returns: Whether the file was taken; else the caller removes it.
    func recycle(path: String, bytes: Int) throws(FileError) -> Bool {
        let name: String? = state.withLock { state in
            guard !state.isStopped, bytes == segmentBytes, state.ready.count < wanted else {
                return nil
            }
            state.nextNumber += 1
            return "\(Self.prefix)\(state.nextNumber - 1)"
        }
        guard let name else { return false }
        try files.rename(path, to: "\(folder)/\(name)")
        state.withLock { $0.ready.append(Spare(name: name, bytes: bytes)) }
        return true
    }

    /// Syncs a file that need not be durable at once.
    func syncSoon(_ file: any LogFile) {
        // What is lost is made again at the next start.
        queue.async { try? file.sync() }
    }

    /// Ends the work in the background and waits until it has ended.
    func stop() {
        state.withLock { $0.isStopped = true }
        waitUntilIdle()
    }

    /// Waits for the work in the background that was begun before.
    func waitUntilIdle() {
        queue.sync {}
    }
}
