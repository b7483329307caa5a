internal import Dispatch
internal import Synchronization

/// Segment files prepared in the background: filled with zeros, so that the log's owner thread
/// never waits for that.
///
/// A spare is filled in steps while the segment before it fills up, so that the disk has time for the
/// syncs of others in between. Spares grow with the log, each to twice its segment, up to the size
/// of a segment; until then the room of a whole one is held in reserve. What is wanted before it is
/// filled is taken as it is.
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
        /// The size of the next spare.
        var nextBytes: Int
        /// How much of it is wanted by now.
        var dueBytes = 0
        /// The room of a whole segment, not filled, while spares are smaller than that.
        var reserve: Unfinished?
        var isWorking = false
        /// A spare could not be prepared; tried again with the next segment.
        var hasFailed = false
        /// The owner needs one at once: nothing more is filled.
        var isClaimed = false
        var isStopped = false

        /// Whether a step is to be taken.
        func isDue(wanted: Int) -> Bool {
            let due = min(dueBytes, unfinished?.bytes ?? nextBytes)
            return !isStopped && !hasFailed && !isClaimed && ready.count < wanted
                && due > unfinished?.filled ?? 0
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
    /// Steps are short, for others' syncs wait for them, and longer when much is due.
    private static let stepBytes = 256 << 10...1 << 20

    /// Bytes of all spares, with the one being filled and the reserve: their room is there.
    var readyBytes: Int {
        state.withLock { state in
            state.ready.reduce((state.unfinished?.bytes ?? 0) + (state.reserve?.bytes ?? 0)) {
                $0 + $1.bytes
            }
        }
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

    /// Prepares in the background what is due when so much of the segment is written: all of the
    /// next one at three quarters.
    func keepUp(used: Int, of capacity: Int) {
        let begins = state.withLock { state in
            let share =
                4.0 / 3 * Double(used + Self.stepBytes.upperBound) / Double(max(1, capacity))
            state.dueBytes = Int(min(1, share) * Double(state.nextBytes))
            guard !state.isWorking, state.isDue(wanted: wanted) else { return false }
            state.isWorking = true
            return true
        }
        if begins { queue.async { self.work() } }
    }

    /// Takes one step after the other, while they are due.
    private func work() {
        while true {
            let (goesOn, due) = state.withLock { state in
                state.isWorking = state.isDue(wanted: wanted)
                return (state.isWorking, state.dueBytes)
            }
            guard goesOn else { return }
            do throws(FileError) {
                let unfinished = try current()
                let wanted = due - unfinished.filled
                let step = min(max(wanted, Self.stepBytes.lowerBound), Self.stepBytes.upperBound)
                try fill(unfinished, step: step)
            } catch {
                // The owner makes one itself when it needs it, and reports the error.
                state.withLock { state in
                    state.unfinished = nil
                    state.hasFailed = true
                }
            }
        }
    }

    /// The spare being filled, or the next one; before a smaller one the reserve is made.
    private func current() throws(FileError) -> Unfinished {
        let (current, nextBytes, hasReserve) = state.withLock { state in
            if state.unfinished == nil, state.nextBytes == segmentBytes {
                state.unfinished = state.reserve.take()
            }
            return (state.unfinished, state.nextBytes, state.reserve != nil)
        }
        if let current { return current }
        if nextBytes < segmentBytes, !hasReserve {
            let reserve = try begin(bytes: segmentBytes)
            state.withLock { $0.reserve = reserve }
        }
        let next = try begin(bytes: nextBytes)
        state.withLock { $0.unfinished = next }
        return next
    }

    /// Fills a step of a spare, and syncs it.
    private func fill(_ unfinished: Unfinished, step: Int) throws(FileError) {
        var unfinished = unfinished
        let end = min(unfinished.filled.saturatingAdd(step), unfinished.bytes)
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

    /// Takes a spare that is large enough, if need be one that is not filled.
    ///
    /// - Throws: When that one cannot be finished; it is gone then.
    func take(minimumBytes: Int) throws(FileError) -> Spare? {
        if let spare = takeReady(minimumBytes: minimumBytes) { return spare }
        guard wanted > 0 else { return nil }
        // Waits for one step at most.
        state.withLock { $0.isClaimed = true }
        waitUntilIdle()
        state.withLock { $0.isClaimed = false }
        if let spare = takeReady(minimumBytes: minimumBytes) { return spare }
        let unfinished = state.withLock { state in
            if state.unfinished?.bytes ?? 0 >= minimumBytes { return state.unfinished.take() }
            return state.reserve?.bytes ?? 0 >= minimumBytes ? state.reserve.take() : nil
        }
        guard let unfinished else { return nil }
        do throws(FileError) {
            return try finish(unfinished)
        } catch {
            discard(unfinished)
            throw error
        }
    }

    private func takeReady(minimumBytes: Int) -> Spare? {
        state.withLock { state in
            guard let index = state.ready.firstIndex(where: { $0.bytes >= minimumBytes }) else {
                return nil
            }
            return state.ready.remove(at: index)
        }
    }

    /// Makes a spare and hands it to the caller.
    ///
    /// Filling takes its time, and pays it back with every sync; of one that is wanted at once only
    /// the first bytes are filled, or none, and the room of the others is reserved.
    ///
    /// - Throws: When there is no room, or the disk fails; nothing is left behind then.
    func make(bytes: Int, filled: Int) throws(FileError) -> Spare {
        let unfinished = try begin(bytes: bytes)
        do throws(FileError) {
            if filled > 0 { try unfinished.file.fillWithZeros(0..<min(filled, bytes)) }
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
        let path = path(ofUnfinished: name)
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
        try files.rename(path(ofUnfinished: unfinished.name), to: "\(folder)/\(unfinished.name)")
        try files.syncFolder(folder)
        return Spare(name: unfinished.name, bytes: unfinished.bytes)
    }

    /// What cannot be removed either is removed at the next start.
    private func discard(_ unfinished: Unfinished) {
        try? files.remove(path(ofUnfinished: unfinished.name))
    }

    private func path(ofUnfinished name: String) -> String {
        "\(folder)/\(name)\(Self.unfinishedSuffix)"
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
        let unused = state.withLock { [$0.unfinished.take(), $0.reserve.take()] }
        for unused in unused.compactMap(\.self) { discard(unused) }
    }

    /// Waits for the work in the background that was begun before.
    func waitUntilIdle() {
        queue.sync {}
    }
}
