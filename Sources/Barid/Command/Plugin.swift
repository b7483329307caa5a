internal import ArgumentParser
public import GRPCCore
public import Logging

/// What a plugin's executable is: its manifest, its handlers, its services.
///
/// The rest is here.
///
/// ```swift
/// @main
/// struct Shout: Plugin {
/// static let manifest = PackageResources.plugin_yaml
///
/// static func work(_ setup: PluginSetup) -> PluginWork {
/// PluginWork(handlers: [ShoutHandler()])
/// }
/// }
/// ```
/// The executable then answers `serve` (the default), `process [FILE...]` and `describe`.
public protocol Plugin {
    /// The bytes of `plugin.yaml`, embedded by `.embedInCode`.
    static var manifest: [UInt8] { get }

    /// Makes handlers and services; called once in a process.
    ///
    /// - Parameter setup: Where the plugin may keep what, and its settings.
    /// - Returns: Handlers and services.
    /// - Throws: An error if the plugin cannot work as it is set up; the process ends with its code.
    static func work(_ setup: PluginSetup) async throws -> PluginWork
}

/// What a plugin is told before it works.
public struct PluginSetup: Sendable {
    /// The folder of Barid's data; without a broker a temporary one.
    public let dataFolder: String
    /// Folder of the plugin's own.
    public let stateFolder: String
    /// Values of the manifest's settings, by name; all of them.
    public let settings: [String: String]
    /// Where the plugin logs.
    public let logger: Logger

    /// The settings as a struct of the plugin's own.
    ///
    /// A property `minimumWords` reads the setting `minimum-words`; texts, numbers, flags,
    /// `Duration` and enumerations of texts are read. Their kinds were checked against the manifest
    /// before, so this fails only where struct and manifest differ.
    ///
    /// - Parameter type: The struct.
    /// - Returns: The values.
    /// - Throws: `RPCError` with code `.failedPrecondition` naming the setting that does not fit.
    public func settings<Values: Decodable>(as type: Values.Type) throws -> Values {
        do {
            return try Values(from: SettingsDecoder(values: settings))
        } catch let error as DecodingError {
            throw RPCError(code: .failedPrecondition, message: error.settingProblem)
        }
    }
}

extension DecodingError {
    /// What does not fit, in one line.
    fileprivate var settingProblem: String {
        switch self {
        case .keyNotFound(_, let context), .dataCorrupted(let context),
            .valueNotFound(_, let context), .typeMismatch(_, let context):
            context.debugDescription
        @unknown default: "\(self)"
        }
    }
}

/// What a plugin does.
public struct PluginWork: Sendable {
    /// One handler for each event type.
    public var handlers: [any EventHandler]
    /// Implementations of the services of the manifest.
    public var services: [any RegistrableRPCService]
    /// A serialised `FileDescriptorSet` of the services, so that `barid call` and reflection know
    /// them; empty for none.
    ///
    /// `protoc --include_imports --descriptor_set_out` writes it; `.embedInCode` embeds it. At most
    /// 1 MiB.
    public var descriptors: [UInt8] = []
    /// Called when the work is over, to close what was opened.
    public var close: @Sendable () async throws -> Void

    /// Handlers and services of a plugin.
    ///
    /// - Parameters:
    ///   - handlers: One handler for each event type.
    ///   - services: Implementations of the services of the manifest.
    ///   - close: Called when the work is over.
    public init(
        handlers: [any EventHandler], services: [any RegistrableRPCService] = [],
        close: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.handlers = handlers
        self.services = services
        self.close = close
    }
}

extension Plugin {
    /// Runs the executable: parses the command line and does what it says.
    public static func main() async {
        await PluginCommand<Self>.main()
    }
}

/// The command line of a plugin's executable.
struct PluginCommand<Work: Plugin>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        let manifest = try? PluginManifest(yaml: Work.manifest)
        return CommandConfiguration(
            commandName: manifest?.command.first ?? "plugin",
            abstract: manifest?.summary ?? "A plugin of Barid whose manifest is not valid.",
            version: manifest?.version ?? "",
            subcommands: [
                ServeCommand<Work>.self, ProcessCommand<Work>.self, DescribeCommand<Work>.self,
            ], defaultSubcommand: ServeCommand<Work>.self)
    }
}

/// Options that every subcommand which works has.
struct PluginOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Set a setting of plugin.yaml; may be given often.",
            discussion: "Else BARID_SETTING_NAME, the settings file, the default.",
            valueName: "name=value"))
    var set: [String] = []

    @OptionGroup var log: LogOptions

    /// Reads the manifest.
    func manifest<Work: Plugin>(of work: Work.Type) throws -> PluginManifest {
        do {
            return try PluginManifest(yaml: Work.manifest)
        } catch {
            throw RPCError(code: .internalError, message: "plugin.yaml: \(error)")
        }
    }

    /// Values of all settings: flag, environment, settings file, default.
    func settings(
        of manifest: PluginManifest, file: [String: String], environment: [String: String]
    ) throws -> [String: String] {
        var given: [String: String] = [:]
        for assignment in set {
            let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--set \(assignment): expected name=value")
            }
            given[parts[0]] = parts[1]
        }
        var problems: [String] = []
        for name in Set(given.keys).union(file.keys).sorted()
        where !manifest.settings.contains(where: { $0.name == name }) {
            problems.append("\(manifest.name) has no setting \(name)")
        }
        var values: [String: String] = [:]
        for setting in manifest.settings {
            let variable =
                "BARID_SETTING_" + setting.name.uppercased().replacing("-", with: "_")
            let value =
                given[setting.name] ?? environment[variable] ?? file[setting.name]
                ?? setting.defaultValue
            if !setting.accepts(value) {
                problems.append(
                    "setting \(setting.name): \"\(value)\" is not a \(setting.kind.rawValue)")
            }
            values[setting.name] = value
        }
        guard problems.isEmpty else {
            throw RPCError(code: .invalidArgument, message: problems.joined(separator: "\n"))
        }
        return values
    }
}
