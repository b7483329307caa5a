internal import Dispatch
internal import Synchronization

/// Segment files prepared in the background: filled with zeros, so that the log's owner thread
/// never waits for that.
///
/// A spare is filled in steps, twice as fast as the segment before it fills up: it is ready when half
/// of that is written, and the disk has time for the syncs of others in between. Spares grow with
/// the log, each to twice its segment, up to the size of a segment.
///
/// A file being filled is `spare-N.tmp`; one that is ready is `spare-N`.
final class SpareShelf: Sendable {
    /// A file that is ready to become a segment.
    struct Spare: Equatable {
        var name: String
        var bytes: Int
    }

    /// A file that is being filled.
    private struct Unfinished {
        var name: String
        var file: any LogFile
        var bytes: Int
        var filled = 0
    }

    private struct State {
        var ready: [Spare] = []
        var unfinished: Unfinished?
        var nextNumber = 0
        /// The size of the next one.
        var nextBytes: Int
        /// How much of it is wanted by now.
        var dueBytes = 0
        var isWorking = false
        /// It could not be prepared; tried again with the next segment.
        var hasFailed = false
        var isStopped = false

        /// Whether a step is due.
        func isDue(wanted: Int) -> Bool {
            let (filled, bytes) = (unfinished?.filled ?? 0, unfinished?.bytes ?? nextBytes)
            return !isStopped && !hasFailed && ready.count < wanted
                && min(dueBytes, bytes) >= min(filled.saturatingAdd(SpareShelf.stepBytes), bytes)
        }
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
        var state = State(ready: found, nextBytes: segmentBytes)
        for spare in found {
            guard let number = Int(spare.name.dropFirst(Self.prefix.count)) else { continue }
            state.nextNumber = max(state.nextNumber, number.saturatingAdd(1))
        }
        self.state = Mutex(state)
    }

    static let prefix = "spare-"
    static let unfinishedSuffix = ".tmp"
    private static let stepBytes = 1 << 20

    /// Bytes of all spares that are ready.
    var readyBytes: Int {
        state.withLock { $0.ready.reduce(0) { $0 + $1.bytes } }
    }

    /// The size of the next spare.
    var nextBytes: Int { state.withLock(\.nextBytes) }

    /// Says that a segment was begun: the next spare follows its growth.
    func began(segmentBytes bytes: Int) {
        state.withLock { state in
            state.nextBytes = min(segmentBytes, bytes.saturatingAdd(bytes))
            state.dueBytes = 0
            state.hasFailed = false
        }
    }

    /// Prepares in the background what is due when so much of the segment is written.
    func keepUp(used: Int, of capacity: Int) {
        let begins = state.withLock { state in
            let share = min(1, 2 * Double(used + Self.stepBytes) / Double(max(1, capacity)))
            state.dueBytes = Int(share * Double(state.nextBytes))
            guard !state.isWorking, state.isDue(wanted: wanted) else { return false }
            state.isWorking = true
            return true
        }
        if begins { queue.async { self.work() } }
    }

    /// Takes one step after the other, while they are due.
    private func work() {
        while true {
            let (goesOn, unfinished) = state.withLock { state in
                state.isWorking = state.isDue(wanted: wanted)
                return (state.isWorking, state.unfinished)
            }
            guard goesOn else { return }
            do throws(FileError) {
                if let unfinished {
                    try fill(unfinished)
                } else {
                    try fill(begin(bytes: nextBytes))
                }
            } catch {
                // The owner makes one itself when it needs it, and reports the error.
                state.withLock { state in
                    state.unfinished = nil
                    state.hasFailed = true
                }
            }
        }
    }

    /// Fills a step of a spare; each is synced, so that others' syncs wait for no long one.
    private func fill(_ unfinished: Unfinished) throws(FileError) {
        var unfinished = unfinished
        let end = min(unfinished.filled.saturatingAdd(Self.stepBytes), unfinished.bytes)
        do throws(FileError) {
            try unfinished.file.fillWithZeros(unfinished.filled..<end)
            try unfinished.file.sync()
            unfinished.filled = end
            guard end == unfinished.bytes else {
                return state.withLock { $0.unfinished = unfinished }
            }
            let spare = try finish(unfinished)
            state.withLock { state in
                state.unfinished = nil
                state.ready.append(spare)
            }
        } catch {
            discard(unfinished)
            throw error
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
        let unfinished = try begin(bytes: bytes)
        do throws(FileError) {
            if filled { try unfinished.file.fillWithZeros(0..<bytes) }
            try unfinished.file.sync()
            return try finish(unfinished)
        } catch {
            discard(unfinished)
            throw error
        }
    }

    private func begin(bytes: Int) throws(FileError) -> Unfinished {
        let name = state.withLock { state in
            state.nextNumber += 1
            return "\(Self.prefix)\(state.nextNumber - 1)"
        }
        let path = self.path(of: name)
        do throws(FileError) {
            let file = try files.open(path, creating: true)
            try file.reserve(bytes)
            return Unfinished(name: name, file: file, bytes: bytes)
        } catch {
            try? files.remove(path)
            throw error
        }
    }

    private func finish(_ unfinished: Unfinished) throws(FileError) -> Spare {
        try files.rename(path(of: unfinished.name), to: "\(folder)/\(unfinished.name)")
        try files.syncFolder(folder)
        return Spare(name: unfinished.name, bytes: unfinished.bytes)
    }

    /// What cannot be removed either is removed at the next start.
    private func discard(_ unfinished: Unfinished) { try? files.remove(path(of: unfinished.name)) }

    private func path(of unfinished: String) -> String {
        "\(folder)/\(unfinished)\(Self.unfinishedSuffix)"
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
        let unfinished = state.withLock { $0.unfinished.take() }
        if let unfinished { discard(unfinished) }
    }

    /// Waits for the work in the background that was begun before.
    func waitUntilIdle() {
        queue.sync {}
    }
}
