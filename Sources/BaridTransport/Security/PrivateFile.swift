internal import GRPCCore
internal import Glibc

/// Small files that only their owner can read: keys and what goes with them.
enum PrivateFile {
    /// The longest such file, in bytes.
    static let maximumBytes = 64 << 10

    /// Reads a file.
    ///
    /// - Throws: `RPCError` with code `.notFound`, `.permissionDenied` if others may read or write it
    ///   or it is somebody else's, `.invalidArgument` if it is too long or no text.
    static func read(_ path: String) throws(RPCError) -> String {
        // Non-blocking, so that a pipe of that name does not hold us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw error("cannot open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error("cannot look at \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw RPCError(code: .invalidArgument, message: "\(path) is not a file")
        }
        guard status.st_uid == geteuid() else {
            throw RPCError(
                code: .permissionDenied,
                message: "\(path) belongs to user \(status.st_uid), not to user \(geteuid())")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw RPCError(
                code: .permissionDenied,
                message: "\(path) is open to others (mode \(mode)); try: chmod 600 \(path)")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw error("cannot read \(path)") }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else {
                throw RPCError(
                    code: .invalidArgument,
                    message: "\(path) is longer than \(maximumBytes) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RPCError(code: .invalidArgument, message: "\(path) is no text")
        }
        return text
    }

    /// Writes a new file, whole or not at all, mode 0600; an existing one is left alone.
    ///
    /// - Returns: False if there is one.
    /// - Throws: `RPCError` with code `.notFound` without the folder, `.permissionDenied` or
    ///   `.unavailable`.
    static func create(_ path: String, _ text: String) throws(RPCError) -> Bool {
        // The `~` is in no key's name, so that a folder of keys does not take this for one.
        let temporary = "\(path)~\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = open(
            temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw error("cannot write \(path)") }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(
                    descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw error("cannot write \(path)") }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw error("cannot write \(path)") }
        // Unlike a rename, a link does not replace what is there.
        guard link(temporary, path) == 0 else {
            guard errno == EEXIST else { throw error("cannot write \(path)") }
            return false
        }
        syncFolder(of: path)
        return true
    }

    /// Makes what happened to names in the folder of a path durable.
    static func syncFolder(of path: String) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// What the last call said, with the code that means it.
    static func error(_ what: String) -> RPCError {
        let number = errno
        let code: RPCError.Code =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM: .permissionDenied
            default: .unavailable
            }
        return RPCError(code: code, message: "\(what): \(String(cString: strerror(number)))")
    }
}

/// The text of such files: `name: value` a line, `#` before a remark.
struct KeyText {
    private(set) var values: [String: String] = [:]

    /// Reads the lines.
    ///
    /// - Throws: `RPCError` with code `.invalidArgument`, naming file and line.
    init(_ text: String, path: String, allowed: Set<String>) throws(RPCError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard let colon = line.firstIndex(of: ":"),
                line[line.index(after: colon)...].hasPrefix(" ") || line.last == ":"
            else {
                throw Self.error(path, index, "not of the form `name: value`")
            }
            let name = String(line[..<colon])
            guard allowed.contains(name), values[name] == nil else {
                throw Self.error(path, index, "'\(name.prefix(40))' is unknown or there twice")
            }
            values[name] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
    }

    private static func error(_ path: String, _ index: Int, _ text: String) -> RPCError {
        RPCError(code: .invalidArgument, message: "\(path):\(index + 1): \(text)")
    }
}
