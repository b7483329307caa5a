package import BaridLog
internal import Synchronization

/// A disk in memory that loses power, fails and fills up when told to.
///
/// What was written is seen at once, as through a page cache, and survives a loss of power only
/// once it was synced; so do names, once their folder was.
package final class FaultyDisk: LogFileSystem {
    /// What of the writes that were not synced reaches the disk when the power goes.
    package enum Survival {
        /// None of them.
        case nothing
        /// All of them, and the names.
        case everything
        /// The first bytes of them, in the order they were written.
        case bytes(Int)
        /// Some of their blocks of 512 bytes.
        case someBlocks(seed: UInt64)
        /// Some of their blocks, and the first of the changes to names.
        case some(seed: UInt64)
    }

    /// What a sync that fails does to the data.
    package enum SyncFault {
        /// The power goes before the sync ends: what becomes of the data is open.
        case powerLoss
        /// The data is gone, but still seen, and the next sync says that all is well.
        case dataGone
    }

    struct Node {
        var seen: [UInt8] = []
        var durable: [UInt8] = []
        var unsynced: [(offset: Int, bytes: [UInt8])] = []
    }

    struct State {
        var nodes: [Int: Node] = [:]
        var names: [String: Int] = [:]
        /// Names as each change since the last sync of a folder left them, the oldest first.
        var nameChanges: [[String: Int]] = []
        var durableNames: [String: Int] = [:]
        var nextNode = 0
        var randomState: UInt64 = 0x1234_5678_9ABC_DEF0
        var capacity = Int.max
        var syncs = 0
        var writes = 0
        var lastWrite = 0..<0
        var bytesWritten = 0
        var bytesRead = 0
        /// Changes until nothing works any more.
        var changesLeft = Int.max
        var syncFault: (at: Int, SyncFault)?
        var writeFault: (at: Int, code: Int32)?
        var defersWork = false
        var deferred: [DeferredWork] = []
    }

    /// What another thread would do.
    final class DeferredWork: Sendable {
        private let work: Mutex<(@Sendable () -> Void)?>

        init(_ work: @escaping @Sendable () -> Void) { self.work = Mutex(work) }

        /// Does it, once.
        func run() { work.withLock { $0.take() }?() }
    }

    let state: Mutex<State>

    package init() { state = Mutex(State()) }

    private init(_ initial: sending State) { state = Mutex(initial) }

    // MARK: Faults

    /// Syncs so far.
    package var syncs: Int { state.withLock { $0.syncs } }
    /// Writes so far.
    package var writes: Int { state.withLock { $0.writes } }

    /// Where in its file the last write went.
    package var lastWrite: Range<Int> { state.withLock { $0.lastWrite } }

    /// Bytes written so far.
    package var bytesWritten: Int { state.withLock { $0.bytesWritten } }

    /// Bytes read so far.
    package var bytesRead: Int { state.withLock { $0.bytesRead } }

    /// Lets the sync after `skipped` others fail.
    package func failSync(after skipped: Int = 0, _ fault: SyncFault) {
        state.withLock { $0.syncFault = ($0.syncs + skipped, fault) }
    }

    /// Lets the write after `skipped` others fail with a code.
    package func failWrite(after skipped: Int = 0, code: Int32) {
        state.withLock { $0.writeFault = ($0.writes + skipped, code) }
    }

    /// Lets everything fail after so many more changes, as when the machine goes down.
    package func die(after changes: Int) { state.withLock { $0.changesLeft = changes } }

    /// Whether ``die(after:)`` came true.
    package var isDead: Bool { state.withLock { $0.changesLeft == 0 } }

    /// Leaves work for other threads until ``workBeside()``, or until somebody waits for it.
    package func deferWork() { state.withLock { $0.defersWork = true } }

    /// Whether work for other threads is left.
    package var hasDeferredWork: Bool { state.withLock { !$0.deferred.isEmpty } }

    /// Does what other threads would have done by now.
    package func workBeside() {
        let work = state.withLock { state in
            defer { state.deferred = [] }
            return state.deferred
        }
        for work in work { work.run() }
    }

    /// Gives the random numbers of a run their seed.
    package func seed(_ seed: UInt64) { state.withLock { $0.randomState = seed } }

    /// Lets files have so many bytes together.
    package func limit(to capacity: Int) { state.withLock { $0.capacity = capacity } }

    /// Bytes of all files together.
    package var usedBytes: Int { state.withLock { $0.usedBytes } }

    /// The same disk after the power went and came back.
    package func afterPowerLoss(_ survival: Survival) -> FaultyDisk {
        let now = copy()
        var next = State()
        next.randomState = now.randomState &* 31
        next.defersWork = now.defersWork
        var budget = 0
        var coin = SplitMix(seed: 0)
        var names = now.durableNames
        switch survival {
        case .nothing: break
        case .everything:
            budget = .max
            names = now.names
        case .bytes(let count): budget = count
        case .someBlocks(let seed): coin = SplitMix(seed: seed)
        case .some(let seed):
            coin = SplitMix(seed: seed)
            // Folders are journalled: the first changes survive, in their order.
            let kept = Int(coin.next() % UInt64(now.nameChanges.count + 1))
            if kept > 0 { names = now.nameChanges[kept - 1] }
        }
        for (name, number) in names.sorted(by: { $0.key < $1.key }) {
            guard let node = now.nodes[number] else { continue }
            var content = node.durable
            for write in node.unsynced {
                switch survival {
                case .someBlocks, .some:
                    for start in stride(from: 0, to: write.bytes.count, by: 512)
                    where coin.next() % 2 == 0 {
                        let end = min(start + 512, write.bytes.count)
                        content.overwrite(at: write.offset + start, with: write.bytes[start..<end])
                    }
                case .nothing, .everything, .bytes:
                    let kept = write.bytes.prefix(budget)
                    budget -= kept.count
                    if !kept.isEmpty { content.overwrite(at: write.offset, with: kept) }
                }
            }
            next.nodes[number] = Node(seen: content, durable: content)
            next.names[name] = number
            next.nextNode = max(next.nextNode, number + 1)
        }
        next.durableNames = next.names
        return FaultyDisk(next)
    }

    /// The same disk as another process finds it: everything seen is still seen.
    package func afterProcessDeath() -> FaultyDisk {
        var next = copy()
        next.syncFault = nil
        next.writeFault = nil
        return FaultyDisk(next)
    }

    /// The same disk with one bit of a file changed.
    package func flipping(bit: Int, ofByte offset: Int, in path: String) -> FaultyDisk {
        var next = copy()
        if let number = next.names[path] {
            next.nodes[number]?.seen[offset] ^= 1 << bit
            // What was not synced may reach beyond what was.
            if offset < next.nodes[number]?.durable.count ?? 0 {
                next.nodes[number]?.durable[offset] ^= 1 << bit
            }
        }
        return FaultyDisk(next)
    }

    /// A file's bytes as they are seen.
    package func contents(_ path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.nodes[$0]?.seen } }
    }

    private func copy() -> State {
        state.withLock { state in
            var copy = State()
            copy.nodes = state.nodes
            copy.names = state.names
            copy.durableNames = state.durableNames
            copy.nameChanges = state.nameChanges
            copy.nextNode = state.nextNode
            copy.randomState = state.randomState
            copy.capacity = state.capacity
            copy.defersWork = state.defersWork
            return copy
        }
    }

    // MARK: LogFileSystem

    package func list(_ folder: String) throws(FileError) -> [String] {
        state.withLock { state in
            state.names.keys.filter { $0.hasPrefix(folder + "/") }
                .map { String($0.dropFirst(folder.count + 1)) }.sorted()
        }
    }

    package func makeFolder(_ path: String) throws(FileError) {}

    package func open(_ path: String, creating: Bool) throws(FileError) -> any LogFile {
        let result: Result<Int, FileError> = state.withLock { state in
            if let number = state.names[path] {
                if creating { state.nodes[number]?.seen = [] }
                return .success(number)
            }
            guard creating else {
                return .failure(FileError(operation: "open", path: path, code: 2))
            }
            guard state.change() else {
                return .failure(FileError(operation: "open", path: path, code: 5))
            }
            state.nextNode += 1
            state.nodes[state.nextNode] = Node()
            state.names[path] = state.nextNode
            state.nameChanges.append(state.names)
            return .success(state.nextNode)
        }
        let number = try result.get()
        return FaultyFile(disk: self, number: number, path: path)
    }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        let code: Int32? = state.withLock { state in
            guard state.change() else { return 5 }
            guard let number = state.names.removeValue(forKey: path) else { return 2 }
            state.names[newPath] = number
            state.nameChanges.append(state.names)
            return nil
        }
        if let code { throw FileError(operation: "rename", path: path, code: code) }
    }

    package func remove(_ path: String) throws(FileError) {
        let code: Int32? = state.withLock { state in
            guard state.change() else { return 5 }
            guard state.names.removeValue(forKey: path) != nil else { return 2 }
            state.nameChanges.append(state.names)
            return nil
        }
        if let code { throw FileError(operation: "remove", path: path, code: code) }
    }

    package func syncFolder(_ path: String) throws(FileError) {
        let done = state.withLock { state in
            guard state.change() else { return false }
            state.durableNames = state.names
            state.nameChanges = []
            return true
        }
        guard done else { throw FileError(operation: "sync", path: path, code: 5) }
    }

    package func freeBytes(_ folder: String) -> Int {
        state.withLock { $0.capacity == .max ? .max : $0.capacity - $0.usedBytes }
    }

    package func beside(_ work: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        let deferred = DeferredWork(work)
        let isDeferred = state.withLock { state in
            if state.defersWork { state.deferred.append(deferred) }
            return state.defersWork
        }
        if !isDeferred { deferred.run() }
        return { deferred.run() }
    }

    package func randomNumber() -> UInt64 {
        state.withLock { state in
            var generator = SplitMix(seed: state.randomState)
            state.randomState = generator.next()
            return generator.next()
        }
    }
}

extension FaultyDisk.State {
    /// Counts a change; false once nothing works any more.
    mutating func change() -> Bool {
        guard changesLeft > 0 else { return false }
        changesLeft -= 1
        return changesLeft > 0
    }

    var usedBytes: Int {
        Set(names.values).reduce(0) { $0 + (nodes[$1]?.seen.count ?? 0) }
    }
}

private final class FaultyFile: LogFile {
    private let disk: FaultyDisk
    private let number: Int
    private let path: String

    init(disk: FaultyDisk, number: Int, path: String) {
        self.disk = disk
        self.number = number
        self.path = path
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        let bytes = disk.state.withLock { state in
            let found = state.nodes[number]?.seen.dropFirst(offset).prefix(buffer.count) ?? []
            state.bytesRead += found.count
            return found
        }
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        let code: Int32? = disk.state.withLock { state in
            defer { state.writes += 1 }
            state.bytesWritten += bytes.count
            // The write that is under way when the power goes reaches the disk in part.
            guard state.changesLeft > 0 else { return 5 }
            let isLast = !state.change()
            if let fault = state.writeFault, fault.at == state.writes { return fault.code }
            let size = state.nodes[number]?.seen.count ?? 0
            let growth = max(0, offset + bytes.count - size)
            guard growth == 0 || growth <= state.capacity - min(state.capacity, state.usedBytes)
            else { return 28 }
            state.nodes[number]?.seen.overwrite(at: offset, with: bytes)
            state.nodes[number]?.unsynced.append((offset, Array(bytes)))
            state.lastWrite = offset..<offset + bytes.count
            return isLast ? 5 : nil
        }
        if let code { throw FileError(operation: "write", path: path, code: code) }
    }

    func reserve(_ count: Int) throws(FileError) {
        let failure = [UInt8](repeating: 0, count: count).withUnsafeBytes { zeros -> FileError? in
            do throws(FileError) {
                try write(zeros, at: 0)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    func sync() throws(FileError) {
        let failed = disk.state.withLock { state in
            defer { state.syncs += 1 }
            guard state.change() else { return true }
            guard let fault = state.syncFault, fault.at == state.syncs else {
                for write in state.nodes[number]?.unsynced ?? [] {
                    state.nodes[number]?.durable.overwrite(
                        at: write.offset, with: write.bytes[...])
                }
                state.nodes[number]?.unsynced = []
                return false
            }
            switch fault.1 {
            case .powerLoss: break
            case .dataGone: state.nodes[number]?.unsynced = []
            }
            return true
        }
        if failed { throw FileError(operation: "sync", path: path, code: 5) }
    }

    func size() throws(FileError) -> Int {
        disk.state.withLock { $0.nodes[number]?.seen.count ?? 0 }
    }
}

/// A small generator with a seed, so that a failure can be repeated.
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension [UInt8] {
    /// Writes bytes at an offset, with zeros before it where the array ended.
    ///
    /// In one piece: byte for byte it is most of the time of the log's tests, which are not optimised.
    fileprivate mutating func overwrite(at offset: Int, with bytes: UnsafeRawBufferPointer) {
        let end = offset + bytes.count
        if end > count { append(contentsOf: [UInt8](repeating: 0, count: end - count)) }
        withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
        }
    }

    /// The same with a part of an array.
    fileprivate mutating func overwrite(at offset: Int, with bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { overwrite(at: offset, with: $0) }
    }
}
