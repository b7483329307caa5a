package import GRPCCore
internal import Glibc

/// Makes folders that nobody else can enter, not even for a moment.
package enum MissingFolders {
    /// Makes a folder and what is missing above it, with mode 700; what is there stays as it is.
    ///
    /// Each is closed from its first moment on, unlike those of Foundation, which makes them open
    /// and closes them afterwards: a broker and a worker that start together both make the data
    /// folder, and each looks whether it is closed.
    ///
    /// - Throws: `RPCError` saying which folder could not be made, and why: `.permissionDenied`,
    ///   `.notFound` where a part of the path is a file, else `.unavailable`.
    package static func make(_ path: String) throws(RPCError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try make(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 { return }
        }
        var status = stat()
        guard errno == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw PrivateFile.error("cannot make the folder \(path)")
        }
    }
}
