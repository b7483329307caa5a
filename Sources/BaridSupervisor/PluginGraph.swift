import Barid

/// Who feeds whom among plugins: what one emits, another consumes.
///
/// Filters on attributes are not looked at: they may end a circle that this tells of.
public struct PluginGraph {
    private let names: [String]
    private let services: [[String]]
    /// For each plugin those that consume what it emits.
    private let readers: [[Int]]

    /// Looks at these plugins.
    ///
    /// - Parameter plugins: Descriptions, in any order.
    public init(_ plugins: [PluginDescription]) {
        names = plugins.map(\.name)
        services = plugins.map(\.serves)
        readers = plugins.map { plugin in
            plugins.indices.filter { Self.feeds(plugin, plugins[$0]) }
        }
    }

    /// The plugins by their indices, each after those it gets its events from, as far as that goes.
    public var order: [Int] {
        var waits = Array(repeating: 0, count: names.count)
        for (plugin, readers) in readers.enumerated() {
            for reader in readers where reader != plugin { waits[reader] += 1 }
        }
        var left = Array(names.indices)
        var order: [Int] = []
        while !left.isEmpty {
            // Of a circle the first one has to begin.
            let place = left.firstIndex { waits[$0] <= 0 } ?? 0
            let next = left.remove(at: place)
            order.append(next)
            for reader in readers[next] { waits[reader] -= 1 }
        }
        return order
    }

    /// The shortest way of a plugin's events back to itself, by names, the plugin first.
    ///
    /// - Parameter name: The plugin's name.
    /// - Returns: The names on the way; empty when there is none.
    public func circle(of name: String) -> [String] {
        guard let start = names.firstIndex(of: name) else { return [] }
        var from: [Int: Int] = [:]
        var queue = [start]
        while !queue.isEmpty {
            let plugin = queue.removeFirst()
            for reader in readers[plugin] where from[reader] == nil {
                from[reader] = plugin
                queue.append(reader)
            }
        }
        guard var step = from[start] else { return [] }
        var way: [String] = []
        while step != start {
            way.append(names[step])
            guard let before = from[step] else { return [] }
            step = before
        }
        return [name] + way.reversed()
    }

    /// What to tell a person of a plugin whose events come back to it, or whose services another one
    /// serves too; nil when all is well.
    ///
    /// - Parameter name: The plugin's name.
    /// - Returns: A sentence.
    public func warning(of name: String) -> String? {
        var parts: [String] = []
        let circle = circle(of: name)
        if !circle.isEmpty {
            let way = (circle + [name]).joined(separator: " → ")
            parts.append(
                "its outputs come back to it (\(way)); each goes round until it is refused after "
                    + "\(EventEnvelope.maximumHops) workers")
        }
        for (service, others) in clashes(of: name) {
            parts.append(
                "\(service) is served by \(others.joined(separator: ", ")) too: a call goes to "
                    + "either")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Services of a plugin that others serve too, with their names.
    private func clashes(of name: String) -> [(service: String, others: [String])] {
        guard let plugin = names.firstIndex(of: name) else { return [] }
        return services[plugin].compactMap { service in
            let others = names.indices.filter { $0 != plugin && services[$0].contains(service) }
            return others.isEmpty ? nil : (service, others.map { names[$0] })
        }
    }

    /// Whether events of one plugin go to another, or to itself.
    private static func feeds(_ one: PluginDescription, _ other: PluginDescription) -> Bool {
        // Outputs are stored in the topic of the event handled.
        one.groups.contains { source in
            other.groups.contains { group in
                topic(group) == topic(source)
                    && one.emits.contains { type in
                        group.types.contains { PluginManifest.pattern($0, takes: type) }
                    }
            }
        }
    }

    private static func topic(_ group: PluginDescription.Group) -> String {
        group.topic.isEmpty ? PluginManifest.defaultTopic : group.topic
    }
}
