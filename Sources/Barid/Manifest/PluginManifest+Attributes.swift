internal import Yams

extension PluginManifest {
    /// Most attributes `consumes.attributes` may name.
    public static let maximumAttributes = 8

    /// Most values of one of them.
    public static let maximumAttributeValues = 32

    /// Most bytes of a value.
    public static let maximumAttributeBytes = 2_048
}

extension ManifestReader {
    /// Reads `consumes.attributes`: for each name a value, or a list of values of which each will do.
    func attributes(_ node: Node) -> [String: [String]] {
        guard case .mapping(let mapping) = node else {
            report(node, "attributes is not a mapping")
            return [:]
        }
        if mapping.count > PluginManifest.maximumAttributes {
            report(
                node,
                "attributes has \(mapping.count) names; the most is "
                    + "\(PluginManifest.maximumAttributes)")
        }
        var attributes: [String: [String]] = [:]
        for (key, value) in mapping {
            guard let name = attributeName(key) else { continue }
            attributes[name] = attributeValues(value, of: name)
        }
        return attributes
    }

    private func attributeName(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        let letters = text.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
        }
        guard letters, (1...20).contains(text.utf8.count) else {
            report(node, "\"\(text)\" is not the name of an attribute: a-z and 0-9, 20 at most")
            return nil
        }
        guard !Self.unfiltered.contains(text) else {
            report(node, "there is no filter on the attribute \(text)")
            return nil
        }
        return text
    }

    private func attributeValues(_ node: Node, of name: String) -> [String] {
        let nodes: [Node]
        if case .sequence(let sequence) = node { nodes = Array(sequence) } else { nodes = [node] }
        let values = nodes.compactMap { scalar($0) }
        let most = PluginManifest.maximumAttributeValues
        if nodes.isEmpty || nodes.count > most {
            report(node, "\(nodes.count) values of \(name); from 1 to \(most)")
        }
        let limit = PluginManifest.maximumAttributeBytes
        if values.contains(where: { !(1...limit).contains($0.utf8.count) }) {
            report(node, "a value of \(name) is empty or longer than \(limit) bytes")
        }
        return values
    }

    /// Attributes that differ from event to event, have a key of their own, or are no text.
    private static let unfiltered: Set<String> = [
        "id", "type", "time", "expirytime", "traceparent", "tracestate", "specversion", "data",
    ]
}
