internal import GRPCCore
internal import Glibc
public import Logging
internal import Synchronization

/// The keys a running broker lets in, with their rights, as the folder has them now.
///
/// It follows the folder while the broker runs: ``refresh()`` reads it again when it changed. Every
/// method may be called from any thread.
public final class KeyRing: Sendable {
    /// The broker's own keys.
    public let serverKey: KeyPair

    private struct State {
        var byKey: [PublicKey: KeyFolder.Entry] = [:]
        var byName: [String: KeyFolder.Entry] = [:]
        var version = 0
        var stamp: Stamp?
        var problems: [String] = []
    }

    /// When the folder was changed last.
    private struct Stamp: Equatable {
        var seconds: Int
        var nanoseconds: Int
        var inode: UInt64
    }

    private let folder: KeyFolder
    private let logger: Logger
    private let state = Mutex(State())

    /// Reads the folder; it and the broker's own keys are made when they are missing.
    ///
    /// - Parameters:
    ///   - folder: The folder of keys.
    ///   - logger: Where keys that came, went or cannot be read are told.
    /// - Throws: `RPCError` with code `.permissionDenied` or `.invalidArgument`, naming every file
    ///   that is open to others or damaged.
    public init(folder: KeyFolder, logger: Logger) throws {
        self.folder = folder
        self.logger = logger
        let server = try folder.serverKey()
        serverKey = server.pair
        if server.isNew {
            logger.info("server key made", metadata: ["public-key": "\(server.pair.publicKey)"])
        }
        let problems = try read()
        guard let first = problems.first else { return }
        throw RPCError(
            code: first.code, message: problems.map(\.message).joined(separator: "\n"))
    }

    /// A number that changes whenever a key or a right did.
    public var version: Int { state.withLock { $0.version } }

    /// How many keys may connect.
    public var count: Int { state.withLock { $0.byName.count } }

    /// What a peer may do now.
    ///
    /// - Parameter identity: The peer.
    /// - Returns: Its rights, or nil for a key that is let in no more.
    public func rights(of identity: PeerIdentity) -> Rights? {
        switch identity {
        case .local: .all
        case .key(let name, let publicKey):
            state.withLock { state in
                guard let entry = state.byName[name], entry.publicKey == publicKey else {
                    return nil
                }
                return entry.rights
            }
        }
    }

    /// Who holds a key, or nil if it is not let in.
    func identity(of key: PublicKey) -> PeerIdentity? {
        state.withLock { $0.byKey[key] }.map { .key(name: $0.name, publicKey: $0.publicKey) }
    }

    /// Reads the folder again if it changed.
    ///
    /// A file that cannot be read lets nobody in, and is told once.
    ///
    /// - Parameter always: Whether to read it in any case. The default is false.
    /// - Returns: Whether a key or a right is another than before.
    @discardableResult
    public func refresh(always: Bool = false) -> Bool {
        let before = state.withLock { ($0.stamp, $0.version, $0.problems) }
        guard always || before.0 == nil || before.0 != stamp() else { return false }
        let problems: [String]
        do {
            problems = try read().map(\.message)
        } catch {
            problems = ["\(error)"]
        }
        state.withLock { $0.problems = problems }
        for problem in problems where !before.2.contains(problem) {
            logger.error("a key cannot be read", metadata: ["problem": "\(problem)"])
        }
        return state.withLock { $0.version } != before.1
    }

    private func read() throws -> [RPCError] {
        // Taken first: what changes while we read is seen the next time. A change within the clock's
        // tick would not be, so a folder changed just now is not trusted to stay.
        let stamp = settledStamp()
        let (entries, problems) = try folder.allowed()
        let byName = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
        let byKey = Dictionary(entries.map { ($0.publicKey, $0) }) { first, _ in first }
        let changes = state.withLock { state -> (came: [String], went: [String])? in
            state.stamp = stamp
            guard state.byName != byName else { return nil }
            let before = state.byName
            state.byName = byName
            state.byKey = byKey
            state.version += 1
            return (
                byName.filter { before[$0.key] != $0.value }.keys.sorted(),
                before.filter { byName[$0.key] == nil }.keys.sorted()
            )
        }
        if let changes {
            logger.info(
                "keys read",
                metadata: [
                    "new": "\(changes.came.joined(separator: " "))",
                    "gone": "\(changes.went.joined(separator: " "))", "keys": "\(entries.count)",
                ])
        }
        return problems
    }

    private func stamp() -> Stamp? {
        var status = stat()
        guard stat(folder.allowedPath, &status) == 0 else { return nil }
        return Stamp(
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
            inode: UInt64(status.st_ino))
    }

    /// The stamp, or nil while the folder changed less than a second ago.
    private func settledStamp() -> Stamp? {
        guard let stamp = stamp() else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec - stamp.seconds > 1 ? stamp : nil
    }
}
