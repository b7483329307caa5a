import Foundation

/// Finds plugins: each folder with a `plugin.yaml` in one of some folders.
public struct PluginFolders: Sendable {
    /// Reads a manifest file.
    public typealias Reader = @Sendable (_ path: String) throws -> PluginDescription

    /// Folders of plugin folders, in order: of two plugins of one name the first counts.
    public let folders: [String]

    /// The folder of the running `barid`, where bare command names are looked up.
    public let executables: String

    private let read: Reader

    /// Looks in these folders.
    public init(folders: [String], executables: String, read: @escaping Reader) {
        self.folders = folders
        self.executables = executables
        self.read = read
    }

    /// The plugin path: what was set, else `share/barid/plugins` beside the installation's `bin`,
    /// else `Plugins` of the checkout the executable was built in; then the user's own.
    ///
    /// - Parameters:
    ///   - given: What `BARID_PLUGIN_PATH` or the settings file says; empty when neither does.
    ///   - executables: The folder of the running `barid`.
    ///   - userFolder: The user's plugins folder.
    /// - Returns: Absolute paths; not all of them need to exist.
    public static func path(given: [String], executables: String, userFolder: String) -> [String] {
        guard given.isEmpty else { return given.map { absolute($0) } + [userFolder] }
        let installed = absolute("../share/barid/plugins", in: executables)
        if isFolder(installed) { return [installed, userFolder] }
        if let checkout = checkout(around: executables) {
            return ["\(checkout)/Plugins", userFolder]
        }
        return [installed, userFolder]
    }

    /// Every plugin, in the order of the plugin path and, within a folder, of names.
    public func find() -> [FoundPlugin] {
        var found: [FoundPlugin] = []
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.sorted() where !name.hasPrefix(".") {
                let path = "\(folder)/\(name)"
                guard FileManager.default.fileExists(atPath: "\(path)/plugin.yaml") else {
                    continue
                }
                found.append(plugin(in: path, named: name, besides: found))
            }
        }
        return found
    }

    /// The plugin in one folder, whatever others there are.
    ///
    /// - Parameter folder: Absolute path of a plugin's folder.
    /// - Returns: The plugin, invalid when the folder holds none.
    public func plugin(in folder: String) -> FoundPlugin {
        plugin(in: folder, named: (folder as NSString).lastPathComponent, besides: [])
    }

    private func plugin(
        in path: String, named name: String, besides others: [FoundPlugin]
    ) -> FoundPlugin {
        let description: PluginDescription
        do {
            description = try read("\(path)/plugin.yaml")
        } catch {
            return FoundPlugin(
                folder: path, description: PluginDescription(name: name, command: []),
                program: .invalid("\(path)/plugin.yaml: \(error)"))
        }
        if let other = others.first(where: { $0.description.name == description.name }) {
            return FoundPlugin(
                folder: path, description: description,
                program: .invalid("\(other.folder) has a plugin of this name already"))
        }
        return FoundPlugin(
            folder: path, description: description,
            program: program(of: description, in: path))
    }

    private func program(
        of description: PluginDescription, in folder: String
    )
        -> FoundPlugin.Program
    {
        guard let word = description.command.first, !word.isEmpty else {
            return .invalid("the manifest has no command")
        }
        let isBare = !word.contains("/")
        let inFolder = Self.absolute(word, in: folder)
        guard isBare || inFolder.hasPrefix(folder + "/") else {
            return .invalid("the command \(word) is outside the plugin's folder")
        }
        let executable = isBare ? "\(executables)/\(word)" : inFolder
        let arguments = Array(description.command.dropFirst())
        if FileManager.default.isExecutableFile(atPath: executable), !Self.isFolder(executable) {
            return .runnable(executable: executable, arguments: arguments)
        }
        guard let command = buildCommand(word, isBare: isBare, in: folder) else {
            return .invalid(
                "there is no \(inFolder), the program of its command, and nothing that builds it")
        }
        return .notBuilt(executable: executable, buildCommand: command)
    }

    /// What makes the program; nil where nothing is known to.
    private func buildCommand(_ word: String, isBare: Bool, in folder: String) -> String? {
        if FileManager.default.fileExists(atPath: "\(folder)/Package.swift") {
            let release = word.contains("/debug/") ? "" : "-c release "
            return "swift build \(release)--package-path \(folder)"
        }
        // What builds a plugin in another language is its own business.
        if !isBare, FileManager.default.isExecutableFile(atPath: "\(folder)/build"),
            !Self.isFolder("\(folder)/build")
        {
            return "\(folder)/build"
        }
        if !isBare {
            let program = Self.absolute(word, in: folder)
            guard FileManager.default.fileExists(atPath: program), !Self.isFolder(program) else {
                return nil
            }
            return "chmod +x \(program)"
        }
        guard let checkout = Self.checkout(around: executables) else {
            return "Scripts/install (it belongs beside \(executables)/barid)"
        }
        let release = executables.hasSuffix("/release") ? "-c release " : ""
        return "swift build \(release)--package-path \(checkout) --product \(word)"
    }

    /// The checkout whose build folder the executables are in.
    ///
    /// - Parameter executables: The folder of the running `barid`.
    /// - Returns: The checkout's absolute path, or nil when there is none around them.
    public static func checkout(around executables: String) -> String? {
        var folder = URL(fileURLWithPath: executables).resolvingSymlinksInPath()
        // CHECKOUT/.build/TRIPLE/CONFIGURATION is three levels down.
        for _ in 0..<4 {
            folder.deleteLastPathComponent()
            if isCheckout(folder.path) { return folder.path }
        }
        return nil
    }

    /// Whether a folder is a checkout of Barid.
    ///
    /// - Parameter folder: Absolute path.
    /// - Returns: Whether it has what a checkout has.
    public static func isCheckout(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/Package.swift")
            && isFolder("\(folder)/Plugins")
    }

    private static func absolute(_ path: String, in folder: String? = nil) -> String {
        let base = folder ?? FileManager.default.currentDirectoryPath
        return URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: base + "/"))
            .standardizedFileURL.path
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
