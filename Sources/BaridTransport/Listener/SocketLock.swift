internal import GRPCCore
internal import Glibc

/// Holds a Unix socket's path for one process: a second bind to a live path would steal it.
///
/// The lock is `PATH.lock` beside the socket, and lies with the process: it goes when the process
/// does, however that ends. The file stays, because removing it would race with the next holder.
final class SocketLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Takes the lock and removes a socket that a dead process left.
    ///
    /// - Throws: `RPCError` with code `.alreadyExists` if another process holds it,
    ///   `.permissionDenied` if others could reach into the folder, `.unavailable` otherwise.
    init(path: String) throws(RPCError) {
        try Self.prepareFolder(of: path)
        let descriptor = open(
            path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.error("open \(path).lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.readHolder(descriptor)
            close(descriptor)
            throw RPCError(
                code: .alreadyExists,
                message: "another broker, process \(holder), listens on ipc://\(path)")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        unlink(path)
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    private static func prepareFolder(of path: String) throws(RPCError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        guard !folder.isEmpty else { return }
        try MissingFolders.make(folder)
        var status = stat()
        guard stat(folder, &status) == 0 else { throw error("stat \(folder)") }
        let isSticky = status.st_mode & S_ISVTX != 0
        guard status.st_mode & 0o022 == 0 || isSticky else {
            throw RPCError(
                code: .permissionDenied,
                message: """
                    others may write in \(folder), so they could take the broker's place; \
                    try: chmod 700 \(folder)
                    """)
        }
    }

    private static func readHolder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }

    private static func error(_ call: String) -> RPCError {
        RPCError(code: .unavailable, message: "\(call): \(String(cString: strerror(errno)))")
    }
}
