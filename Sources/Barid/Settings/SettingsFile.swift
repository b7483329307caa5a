internal import Foundation
internal import GRPCCore
internal import Yams

/// What `barid.yaml` says.
struct SettingsFile: Equatable {
    var endpoint: String?
    var key: String?
    var data: String?
    var state: String?
    var pluginPath: [String]?
    var durability: String?
    var retain: [String]?
    var metrics: String?
    var traces: String?
    var logFormat: String?
    var logLevel: String?
    /// Settings by plugin and name; each plugin checks its own.
    var plugins: [String: [String: String]] = [:]

    /// The most bytes that are read: far more than anybody writes.
    static let maximumBytes = 1 << 20

    /// Reads the file of a path; a missing one says nothing.
    ///
    /// - Throws: As ``init(yaml:path:)``, and when it cannot be read.
    init(path: String) throws(RPCError) {
        var bytes = Data()
        if FileManager.default.fileExists(atPath: path) {
            guard let found = FileManager.default.contents(atPath: path) else {
                throw RPCError(code: .invalidArgument, message: "\(path): cannot be read")
            }
            bytes = found
        }
        try self.init(yaml: [UInt8](bytes), path: path)
    }

    /// Reads a whole file; an empty one says nothing.
    ///
    /// - Parameters:
    ///   - yaml: What it holds.
    ///   - path: Its path, which every problem names.
    /// - Throws: `RPCError` with code `.invalidArgument` and a line for every problem.
    init(yaml: [UInt8], path: String) throws(RPCError) {
        let problems: [String]
        do {
            problems = try read(yaml, path)
        } catch {
            // Errors of the parser name its line, over several lines of their own.
            problems = ["\(path): not YAML: \(error)"]
        }
        guard problems.isEmpty else {
            throw RPCError(code: .invalidArgument, message: problems.joined(separator: "\n"))
        }
    }

    /// Takes what it knows, and says what is wrong.
    private mutating func read(_ yaml: [UInt8], _ path: String) throws -> [String] {
        guard yaml.count <= Self.maximumBytes else {
            return ["\(path): \(yaml.count) bytes; at most \(Self.maximumBytes) are read"]
        }
        guard let text = String(validating: yaml, as: UTF8.self) else {
            return ["\(path): not UTF-8"]
        }
        guard let root = try Yams.compose(yaml: text, .basic) else { return [] }
        guard case .mapping(let mapping) = root else { return ["\(path): not a mapping"] }
        var problems: [String] = []
        for (key, value) in mapping {
            let problem = take(key.scalar?.string ?? "", value)
            if let problem { problems.append("\(path):\(key.mark?.line ?? 0): \(problem)") }
        }
        return problems
    }

    /// - Returns: What is wrong with the setting; `nil` when nothing is.
    private mutating func take(_ name: String, _ value: Node) -> String? {
        switch name {
        case "endpoint": Self.text(value, &endpoint)
        case "key": Self.text(value, &key)
        case "data": Self.text(value, &data)
        case "state": Self.text(value, &state)
        case "durability": Self.text(value, &durability)
        case "metrics": Self.text(value, &metrics)
        case "traces": Self.text(value, &traces)
        case "log-format": Self.text(value, &logFormat)
        case "log-level": Self.text(value, &logLevel)
        case "plugin-path":
            Self.list(value, &pluginPath) { $0.map(\.absolutePath) }
        case "retain": Self.list(value, &retain) { $0 }
        case "plugins": takePlugins(value)
        default: "unknown setting \(name)"
        }
    }

    private static func text(_ value: Node, _ setting: inout String?) -> String? {
        setting = value.scalar?.string
        return setting == nil ? "a text is expected" : nil
    }

    private static func list(
        _ value: Node, _ setting: inout [String]?, _ read: ([String]) -> [String]
    ) -> String? {
        guard case .sequence(let list) = value else { return "a list is expected" }
        let texts = list.compactMap { $0.scalar?.string }
        guard texts.count == list.count else { return "a list of texts is expected" }
        setting = read(texts)
        return nil
    }

    private mutating func takePlugins(_ value: Node) -> String? {
        // A name with nothing behind it says nothing.
        guard value.scalar?.string != "" else { return nil }
        guard case .mapping(let mapping) = value else {
            return "a mapping of plugins is expected"
        }
        for (plugin, settings) in mapping where settings.scalar?.string != "" {
            guard let plugin = plugin.scalar?.string, case .mapping(let settings) = settings else {
                return "the settings of a plugin are a mapping"
            }
            for (name, value) in settings {
                guard let name = name.scalar?.string, let value = value.scalar?.string else {
                    return "a setting of plugin \(plugin) is no text"
                }
                plugins[plugin, default: [:]][name] = value
            }
        }
        return nil
    }
}
