internal import BaridTransport
internal import Foundation
internal import GRPCCore

/// A folder that only its owner can enter.
public enum PrivateFolder {
    /// Makes sure that a folder exists, is ours, and closed to everybody else.
    ///
    /// - Parameter path: An absolute path; missing parents are made, as closed as itself.
    /// - Throws: `RPCError` with code `.permissionDenied` if it belongs to somebody else, is a link or
    ///   is open to others, `.failedPrecondition` if it cannot be made.
    public static func make(_ path: String) throws {
        do {
            try MissingFolders.make(path)
        } catch {
            throw RPCError(code: .failedPrecondition, message: error.message)
        }
        try check(path)
    }

    /// Checks that a folder is ours and closed to everybody else.
    ///
    /// - Parameter path: An absolute path.
    /// - Throws: `RPCError` with code `.permissionDenied` saying what is wrong, `.notFound` if there is
    ///   nothing.
    public static func check(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw RPCError(code: .notFound, message: "there is no folder \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw RPCError(code: .permissionDenied, message: "\(path) is not a folder")
        }
        guard status.st_uid == getuid() else {
            throw RPCError(
                code: .permissionDenied,
                message: "\(path) belongs to user \(status.st_uid), not to user \(getuid())")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw RPCError(
                code: .permissionDenied,
                message: "\(path) is open to others (mode \(mode)); chmod 700 \(path)")
        }
    }
}
