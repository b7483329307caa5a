import Foundation

/// The user's own plugins: a folder with a link to each, which the supervisor watches.
///
/// Functions may be called from anywhere; each change is one rename or removal, so that whoever
/// looks meanwhile sees the old or the new.
public struct UserPlugins: Sendable {
    /// The folder of links.
    public let folder: String

    /// Takes this folder; it need not exist yet.
    public init(folder: String) {
        self.folder = folder
    }

    /// Where the link of a plugin is, whether it exists or not.
    public func link(of name: String) -> String { "\(folder)/\(name)" }

    /// The folder a plugin's link leads to; nil when there is no link of this name.
    public func target(of name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: link(of: name))
    }

    /// Makes the link of a plugin, or lets it lead elsewhere.
    ///
    /// - Parameters:
    ///   - name: The plugin's name.
    ///   - target: Absolute path of its folder.
    /// - Throws: `CocoaError` when the folder cannot be written, or holds something of this name
    ///   that is no link.
    public func link(_ name: String, to target: String) throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let path = link(of: name)
        if files.fileExists(atPath: path), self.target(of: name) == nil {
            throw CocoaError(.fileWriteFileExists, userInfo: [NSFilePathErrorKey: path])
        }
        // Hidden, so that it is no plugin until it has its name.
        let temporary = "\(folder)/.\(name).\(UUID().uuidString)"
        try files.createSymbolicLink(atPath: temporary, withDestinationPath: target)
        guard rename(temporary, path) == 0 else {
            let failure = errno
            try? files.removeItem(atPath: temporary)
            throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO)
        }
    }

    /// Removes the link of a plugin; the folder it leads to stays.
    ///
    /// - Parameter name: The plugin's name.
    /// - Throws: `CocoaError` when there is no such link, or something that is none.
    public func unlink(_ name: String) throws {
        guard target(of: name) != nil else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: link(of: name)])
        }
        try FileManager.default.removeItem(atPath: link(of: name))
    }
}
