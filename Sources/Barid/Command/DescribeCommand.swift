internal import ArgumentParser
internal import Foundation

/// `describe`: prints the embedded manifest.
struct DescribeCommand<Work: Plugin>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "describe", abstract: "Print the plugin's manifest, as it was built in.")
    }

    @Flag(help: "Print it as JSON, with every default in place.")
    var json = false

    func run() async throws {
        try await CommandFailure.told(PluginCommand<Work>.configuration.commandName ?? "") {
            guard json else {
                FileHandle.standardOutput.write(Data(Work.manifest))
                return
            }
            let manifest: PluginManifest
            do {
                manifest = try PluginManifest(yaml: Work.manifest)
            } catch {
                CommandFailure.tell("plugin.yaml: \(error)")
                throw ExitCode.badInput
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            FileHandle.standardOutput.write(
                try encoder.encode(Description(manifest)) + Data("\n".utf8))
        }
    }
}

/// A manifest in JSON, with the names of `plugin.yaml`.
private struct Description: Encodable {
    struct Consumes: Encodable {
        var topic: String
        var types: [String]
        var attributes: [String: [String]]?
        var group: String
        var ordering: String
        var concurrency: Int
        var prefetch: Int
        var start: String
        var maximumDeliveries: Int?

        enum CodingKeys: String, CodingKey {
            case topic, types, attributes, group, ordering, concurrency, prefetch, start
            case maximumDeliveries = "maximum-deliveries"
        }
    }

    struct Setting: Encodable {
        var name: String
        var type: String
        var `default`: String
        var help: String
    }

    struct Limits: Encodable {
        var memory_bytes: Int?
        var lease_seconds: Double
        var deadline_seconds: Double
    }

    var name: String
    var version: String
    var summary: String
    var command: [String]
    var `protocol`: [String: Int]
    var consumes: Consumes?
    var emits: [String]
    var serves: [String]
    var settings: [Setting]
    var limits: Limits

    init(_ manifest: PluginManifest) {
        name = manifest.name
        version = manifest.version
        summary = manifest.summary
        command = manifest.command
        `protocol` = [
            "minimum": manifest.protocolRange.lowerBound,
            "maximum": manifest.protocolRange.upperBound,
        ]
        consumes = manifest.consumes.map {
            Consumes(
                topic: $0.topic, types: $0.types,
                attributes: $0.attributes.isEmpty ? nil : $0.attributes, group: $0.group,
                ordering: $0.ordering.rawValue, concurrency: $0.concurrency, prefetch: $0.prefetch,
                start: $0.start.description,
                maximumDeliveries: $0.maximumDeliveries)
        }
        emits = manifest.emits
        serves = manifest.serves
        settings = manifest.settings.map {
            Setting(name: $0.name, type: $0.kind.rawValue, default: $0.defaultValue, help: $0.help)
        }
        limits = Limits(
            memory_bytes: manifest.limits.memory, lease_seconds: manifest.limits.lease.inSeconds,
            deadline_seconds: manifest.limits.deadline.inSeconds)
    }
}
