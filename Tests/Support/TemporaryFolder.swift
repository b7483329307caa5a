import Foundation

/// A folder of a test's own that goes away with it, mode 0700, with a path short enough for ipc sockets.
public final class TemporaryFolder: Sendable {
    /// Absolute path, without a trailing slash.
    public let path: String

    /// Makes the folder.
    public init() throws {
        path = "/tmp/barid-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Writes a text file into it, with the folders above it, and returns its path.
    public func write(_ text: String, to name: String) throws -> String {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return file(name)
    }
}
