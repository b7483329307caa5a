import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// By what an edit of a plugin is noticed: size and times of the files that make it up.
///
/// These are the manifest, the executable, and what the words of its command name inside the
/// folder, be it a file, a folder or a Python module. So a program that is built anew counts when
/// it is there, and an interpreted one with every change.
struct PluginFingerprint: Sendable, Equatable {
    /// Most files of a folder that are looked at.
    static let maximumFiles = 1_000

    struct Mark: Sendable, Equatable {
        var size: Int64
        var inode: UInt64
        var modified: Int64
        var nanoseconds: Int64
    }

    private(set) var marks: [String: Mark] = [:]

    /// Looks at a plugin's files as they are now.
    init(of plugin: FoundPlugin) {
        add("\(plugin.folder)/plugin.yaml")
        switch plugin.program {
        case .runnable(let executable, let arguments):
            add(executable)
            for word in arguments where !word.hasPrefix("-") {
                addNamed(word, in: plugin.folder)
            }
        case .notBuilt, .invalid:
            break
        }
    }

    private mutating func addNamed(_ word: String, in folder: String) {
        guard !word.hasPrefix("/"), !word.split(separator: "/").contains("..") else { return }
        add("\(folder)/\(word).py")
        let path = "\(folder)/\(word)"
        guard PluginFolders.isFolder(path) else { return add(path) }
        let files = FileManager.default.enumerator(
            at: URL(fileURLWithPath: path), includingPropertiesForKeys: nil,
            options: [.skipsHiddenFiles])
        while let file = files?.nextObject() as? URL, marks.count < Self.maximumFiles {
            // What an interpreter writes down for itself is no edit.
            guard file.lastPathComponent != "__pycache__" else {
                files?.skipDescendants()
                continue
            }
            add(file.path)
        }
    }

    private mutating func add(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return }
        marks[path] = Mark(
            size: Int64(found.st_size), inode: UInt64(found.st_ino),
            modified: Int64(found.st_mtim.tv_sec), nanoseconds: Int64(found.st_mtim.tv_nsec))
    }
}
