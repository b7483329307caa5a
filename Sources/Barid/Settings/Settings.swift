public import BaridTransport
public import Foundation
internal import GRPCCore
public import Logging

/// Where a setting's value came from; the earlier one wins.
public enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    /// A flag of the command line.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// The file of the key in use, at this path.
    case keyFile(String)
    /// The settings file at this path.
    case file(String)
    /// Nobody said anything.
    case standard

    /// The origin as `--print-configuration` shows it.
    public var description: String {
        switch self {
        case .flag(let name): "flag --\(name)"
        case .environment(let name): "environment \(name)"
        case .keyFile(let path): "key file \(path)"
        case .file(let path): "file \(path)"
        case .standard: "default"
        }
    }
}

extension SettingOrigin {
    /// The lower one wins.
    fileprivate var rank: Int {
        switch self {
        case .flag: 0
        case .environment: 1
        case .keyFile, .file: 2
        case .standard: 3
        }
    }
}

/// A value and where it came from.
public struct Sourced<Value: Sendable>: Sendable {
    /// The value.
    public var value: Value
    /// Where it came from.
    public var origin: SettingOrigin
}

/// Files and addresses of Barid on this machine: DESIGN 10, resolved in one place.
///
/// The order is flag, environment, settings file, default. Broker, command line, supervisor and
/// workers all read the same, so that they find one another without being told.
public struct Settings: Sendable {
    /// Where the broker listens for this user: `--endpoint`, `BARID_ENDPOINT`, `endpoint`.
    ///
    /// A key file that names a broker counts as if it had been given where the file was.
    public let endpoint: Sourced<Endpoint>

    /// The key for a broker that asks for one: `--key`, `BARID_KEY_FILE`, `key`, each a file.
    ///
    /// The default is nil.
    public let key: Sourced<KeyFile?>

    /// Path of that file; nil where none was named.
    public let keyPath: String?

    /// Log, index and keys (`--data`, `BARID_DATA`, `data`).
    ///
    /// The default is
    /// `$XDG_DATA_HOME/barid`.
    public let dataFolder: Sourced<String>

    /// Logs of workers and what is running (`BARID_STATE`, `state`).
    ///
    /// The default is
    /// `$XDG_STATE_HOME/barid`.
    public let stateFolder: Sourced<String>

    /// Folders of plugins (`BARID_PLUGIN_PATH`, colon-separated; `plugin-path`, a list).
    ///
    /// The default is empty, and the supervisor knows its own.
    public let pluginPath: Sourced<[String]>

    /// How durable a receipt is (`--durability`, `BARID_DURABILITY`, `durability`): `fsync`, the
    /// default, or `interval:MS`.
    public let durability: Sourced<String>

    /// What is kept (`--retain`, `BARID_RETAIN` with spaces between, `retain`, a list).
    ///
    /// The default is empty: everything.
    public let retain: Sourced<[String]>

    /// Where figures are served (`--metrics`, `BARID_METRICS`, `metrics`): `127.0.0.1:7451`.
    ///
    /// The default is empty: nowhere.
    public let metrics: Sourced<String>

    /// The file that spans are written to (`BARID_TRACES`, `traces`).
    ///
    /// The default is empty: none are.
    public let traces: Sourced<String>

    /// How log lines look (`BARID_LOG_FORMAT`, `log-format`): `text` or `json`.
    ///
    /// The default is nil: text on a terminal, else JSON.
    public let logFormat: Sourced<LogFormat?>

    /// The least level that is logged (`BARID_LOG_LEVEL`, `log-level`).
    ///
    /// The default is nil: what suits the command.
    public let logLevel: Sourced<Logger.Level?>

    /// Settings of plugins, by plugin and name (`plugins: {parser: {name: value}}`).
    public let plugins: [String: [String: String]]

    /// The settings file and the user's own plugins: `$XDG_CONFIG_HOME/barid`.
    public let configurationFolder: String

    /// The user's own plugins, a folder or link each, whether it exists or not.
    public var userPluginFolder: String { "\(configurationFolder)/plugins" }

    /// The settings file, whether it exists or not.
    public var configurationFile: String { "\(configurationFolder)/barid.yaml" }

    /// Resolves everything.
    ///
    /// - Parameters:
    ///   - endpointFlag: Value of the flag `--endpoint`, if given.
    ///   - dataFlag: Value of the flag `--data`, if given.
    ///   - keyFlag: Value of the flag `--key`, if given.
    ///   - usesKey: Whether a key file is read at all; a broker does not connect, so it needs none. The
    ///     default is true.
    ///   - durabilityFlag: Value of the flag `--durability`, if given.
    ///   - retainFlag: Values of the flags `--retain`, if given.
    ///   - metricsFlag: Value of the flag `--metrics`, if given.
    ///   - environment: The environment. The default is this process's.
    /// - Throws: `RPCError` with code `.invalidArgument` naming every setting that is wrong and where
    ///   it came from; what a key file is refused with.
    public init(
        endpoint endpointFlag: String? = nil, data dataFlag: String? = nil,
        key keyFlag: String? = nil, usesKey: Bool = true,
        durability durabilityFlag: String? = nil, retain retainFlag: [String]? = nil,
        metrics metricsFlag: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let home = environment["HOME"]?.absolute ?? NSHomeDirectory()
        func base(_ variable: String, _ fallback: String) -> String {
            environment[variable]?.absolute ?? "\(home)/\(fallback)"
        }
        configurationFolder = "\(base("XDG_CONFIG_HOME", ".config"))/barid"
        let path = "\(configurationFolder)/barid.yaml"
        let file = try SettingsFile(path: path)

        func resolve<Value>(
            flag: (String, Value?)?, variable: String, read: (String) -> Value, key: Value?,
            fallback: Value
        ) -> Sourced<Value> {
            if let (name, value) = flag, let value {
                return Sourced(value: value, origin: .flag(name))
            }
            if let text = environment[variable]?.nonEmpty {
                return Sourced(value: read(text), origin: .environment(variable))
            }
            if let key { return Sourced(value: key, origin: .file(path)) }
            return Sourced(value: fallback, origin: .standard)
        }

        var problems: [String] = []
        let socket = "ipc://\(Self.runtimeFolder(environment))/broker.ipc"
        var text = resolve(
            flag: ("endpoint", endpointFlag), variable: "BARID_ENDPOINT", read: { $0 },
            key: file.endpoint, fallback: socket)
        let keyPath = resolve(
            flag: ("key", keyFlag), variable: "BARID_KEY_FILE", read: { $0 }, key: file.key,
            fallback: "")
        let keyFile = usesKey ? try keyPath.value.nonEmpty.map { try KeyFile(path: $0) } : nil
        key = Sourced(value: keyFile, origin: keyPath.origin)
        self.keyPath = keyPath.value.nonEmpty
        if let named = keyFile?.endpoint, keyPath.origin.rank < text.origin.rank {
            text = Sourced(value: "\(named)", origin: .keyFile(keyPath.value))
        }
        var endpoint = Endpoint.ipc(path: "/")
        do {
            endpoint = try Endpoint(text.value)
        } catch {
            problems.append("\((error as? RPCError)?.message ?? "\(error)") (\(text.origin))")
        }
        self.endpoint = Sourced(value: endpoint, origin: text.origin)

        let data = resolve(
            flag: ("data", dataFlag), variable: "BARID_DATA", read: { $0 }, key: file.data,
            fallback: "\(base("XDG_DATA_HOME", ".local/share"))/barid")
        dataFolder = Sourced(value: data.value.absolutePath, origin: data.origin)
        let state = resolve(
            flag: nil, variable: "BARID_STATE", read: { $0 }, key: file.state,
            fallback: "\(base("XDG_STATE_HOME", ".local/state"))/barid")
        stateFolder = Sourced(value: state.value.absolutePath, origin: state.origin)
        pluginPath = resolve(
            flag: nil, variable: "BARID_PLUGIN_PATH",
            read: { $0.split(separator: ":").map { String($0).absolutePath } },
            key: file.pluginPath, fallback: [])
        durability = resolve(
            flag: ("durability", durabilityFlag), variable: "BARID_DURABILITY", read: { $0 },
            key: file.durability, fallback: "fsync")
        retain = resolve(
            flag: ("retain", retainFlag?.isEmpty == true ? nil : retainFlag),
            variable: "BARID_RETAIN", read: { $0.split(separator: " ").map(String.init) },
            key: file.retain, fallback: [])
        metrics = resolve(
            flag: ("metrics", metricsFlag), variable: "BARID_METRICS", read: { $0 },
            key: file.metrics, fallback: "")
        let spans = resolve(
            flag: nil, variable: "BARID_TRACES", read: { $0 }, key: file.traces, fallback: "")
        traces = Sourced(
            value: spans.value.isEmpty ? "" : spans.value.absolutePath, origin: spans.origin)
        func choice<Value: Sendable>(
            _ name: String, _ key: String?, _ choices: String, _ read: (String) -> Value?
        ) -> Sourced<Value?> {
            let variable = "BARID_" + name.uppercased().replacing("-", with: "_")
            let text = resolve(
                flag: nil, variable: variable, read: { $0 }, key: key, fallback: "")
            let value = read(text.value)
            if value == nil, !text.value.isEmpty {
                problems.append("'\(text.value)' is no \(name): \(choices) (\(text.origin))")
            }
            return Sourced(value: value, origin: text.origin)
        }
        logFormat = choice("log-format", file.logFormat, "text or json") { LogFormat(rawValue: $0) }
        logLevel = choice(
            "log-level", file.logLevel,
            Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        ) { Logger.Level(rawValue: $0) }
        plugins = file.plugins
        guard problems.isEmpty else {
            throw RPCError(code: .invalidArgument, message: problems.joined(separator: "\n"))
        }
    }

    /// Every setting with its value and origin: what `--print-configuration` prints.
    public var explanation: [(name: String, value: String, origin: SettingOrigin)] {
        [
            ("endpoint", "\(endpoint.value)", endpoint.origin),
            ("key", key.value?.name ?? "", key.origin),
            ("data", dataFolder.value, dataFolder.origin),
            ("state", stateFolder.value, stateFolder.origin),
            ("plugin-path", pluginPath.value.joined(separator: ":"), pluginPath.origin),
            ("durability", durability.value, durability.origin),
            ("retain", retain.value.joined(separator: " "), retain.origin),
            ("metrics", metrics.value, metrics.origin),
            ("traces", traces.value, traces.origin),
            ("log-format", logFormat.value?.rawValue ?? "", logFormat.origin),
            ("log-level", logLevel.value?.rawValue ?? "", logLevel.origin),
            ("configuration", configurationFile, .standard),
        ]
    }

    /// `$XDG_RUNTIME_DIR/barid`, else a folder named after the user under the temporary folder.
    private static func runtimeFolder(_ environment: [String: String]) -> String {
        if let folder = environment["XDG_RUNTIME_DIR"]?.absolute { return "\(folder)/barid" }
        return "\(environment["TMPDIR"]?.absolute ?? "/tmp")/barid-\(getuid())"
    }
}

extension String {
    /// The string if it is an absolute path; the base directory specification ignores others.
    fileprivate var absolute: String? { hasPrefix("/") ? self : nil }

    /// The path from the root, without a trailing slash.
    var absolutePath: String {
        URL(fileURLWithPath: self).standardizedFileURL.path
    }
}
