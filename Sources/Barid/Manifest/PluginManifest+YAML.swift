internal import Yams

extension PluginManifest {
    /// Reads and checks a whole manifest.
    ///
    /// Unknown and repeated keys are problems like any other.
    ///
    /// - Parameter yaml: The text of `plugin.yaml` in UTF-8.
    /// - Throws: ``PluginManifestError`` with every problem found.
    public init(yaml: [UInt8]) throws(PluginManifestError) {
        guard yaml.count <= Self.maximumBytes else {
            throw PluginManifestError(
                "the manifest has \(yaml.count) bytes; at most \(Self.maximumBytes) are read")
        }
        guard let text = String(validating: yaml, as: UTF8.self) else {
            throw PluginManifestError("the manifest is not UTF-8")
        }
        let root: Node
        do {
            guard let node = try Yams.compose(yaml: text, .basic) else {
                throw PluginManifestError("the manifest is empty")
            }
            root = node
        } catch let error as PluginManifestError {
            throw error
        } catch {
            throw PluginManifestError("this is not YAML: \(error)")
        }
        let reader = ManifestReader()
        let manifest = reader.manifest(root)
        guard reader.problems.isEmpty, let manifest else {
            let inOrder = reader.problems.enumerated().sorted {
                ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset)
            }
            throw PluginManifestError(problems: inOrder.map(\.element))
        }
        self = manifest
    }
}

extension PluginManifest {
    /// By what logs and traces name the worker: its program where that has a name everywhere, as
    /// Barid's own have, else the plugin.
    var programName: String {
        guard let word = command.first, !word.contains("/") else { return name }
        return word
    }

    /// Whether a text can be the name of a plugin.
    ///
    /// - Parameter text: The text.
    /// - Returns: Whether it is `a`-`z`, `0`-`9` and single hyphens between them, at most 40.
    public static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return text.utf8.count <= 40
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy {
                        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
                    }
            }
    }
}

extension PluginManifestError {
    init(_ message: String) { problems = [Problem(line: nil, message: message)] }
}

/// Walks the nodes of one manifest and gathers problems instead of stopping at the first.
final class ManifestReader {
    private(set) var problems: [PluginManifestError.Problem] = []

    func manifest(_ root: Node) -> PluginManifest? {
        let map = mapping(
            root, "the manifest",
            keys: [
                "name", "version", "summary", "command", "protocol", "consumes", "emits", "serves",
                "settings", "limits",
            ])
        let name = required("name", in: map, at: root, read: kebab) ?? ""
        let version = required("version", in: map, at: root, read: string) ?? ""
        let summary = required("summary", in: map, at: root, read: string) ?? ""
        let command = required("command", in: map, at: root, read: command) ?? []
        let current = PluginManifest.protocolVersion
        let manifest = PluginManifest(
            name: name, version: version, summary: summary, command: command,
            protocolRange: map["protocol"].flatMap(protocolRange) ?? current...current,
            consumes: map["consumes"].map { consumption($0, plugin: name) },
            emits: map["emits"].map { list($0, "emits", of: eventType) } ?? [],
            serves: map["serves"].map { list($0, "serves", of: service) } ?? [],
            settings: map["settings"].map(settings) ?? [],
            limits: map["limits"].map(limits) ?? PluginManifest.Limits())
        if manifest.consumes == nil && manifest.serves.isEmpty && problems.isEmpty {
            report(root, "the plugin has neither consumes nor serves: it would do nothing")
        }
        return manifest
    }

    private func consumption(_ node: Node, plugin: String) -> PluginManifest.Consumption {
        let map = mapping(
            node, "consumes",
            keys: [
                "topic", "types", "attributes", "group", "ordering", "concurrency", "prefetch",
                "start",
                "maximum-deliveries",
            ])
        let types = required("types", in: map, at: node) {
            self.list($0, "types", of: self.pattern)
        }
        if let types, types.isEmpty, let node = map["types"] { report(node, "types is empty") }
        var consumption = PluginManifest.Consumption(types: types ?? [], group: plugin)
        if let node = map["attributes"] { consumption.attributes = attributes(node) }
        if let group = map["group"].flatMap(kebab) { consumption.group = group }
        if let topic = map["topic"].flatMap(kebab) { consumption.topic = topic }
        if let ordering = map["ordering"].flatMap({ choice($0, PluginManifest.Ordering.self) }) {
            consumption.ordering = ordering
        }
        if let start = map["start"].flatMap(start) { consumption.start = start }
        if let count = map["concurrency"].flatMap({ integer($0, 1...1024) }) {
            consumption.concurrency = count
        }
        if let count = map["prefetch"].flatMap({ integer($0, 1...64) }) {
            consumption.prefetch = count
        }
        consumption.maximumDeliveries = map["maximum-deliveries"].flatMap { integer($0, 1...100) }
        return consumption
    }

    private func settings(_ node: Node) -> [PluginManifest.Setting] {
        var names: Set<String> = []
        return list(node, "settings") { entry in
            let map = self.mapping(entry, "a setting", keys: ["name", "type", "default", "help"])
            guard let name = self.required("name", in: map, at: entry, read: self.kebab),
                let kind = self.required(
                    "type", in: map, at: entry,
                    read: { self.choice($0, PluginManifest.Setting.Kind.self) }),
                let defaultValue = self.required("default", in: map, at: entry, read: self.string),
                let help = self.required("help", in: map, at: entry, read: self.string)
            else { return nil }
            let setting = PluginManifest.Setting(
                name: name, kind: kind, defaultValue: defaultValue, help: help)
            if !setting.accepts(defaultValue) {
                self.report(entry, "the default of \(name) is not a \(kind.rawValue)")
            }
            if !names.insert(name).inserted { self.report(entry, "setting \(name) is there twice") }
            return setting
        }
    }

    private func limits(_ node: Node) -> PluginManifest.Limits {
        let map = mapping(node, "limits", keys: ["memory", "files", "lease", "deadline"])
        var limits = PluginManifest.Limits()
        limits.memory = map["memory"].flatMap(bytes)
        limits.files = map["files"].flatMap { integer($0, 64...1_048_576) }
        if let node = map["lease"], let lease = duration(node) {
            if lease < .seconds(1) || lease > .seconds(3600) {
                report(node, "lease is outside 1s to 1h")
            }
            limits.lease = lease
        }
        if let deadline = map["deadline"].flatMap(duration) { limits.deadline = deadline }
        return limits
    }

    // MARK: Values

    private func protocolRange(_ node: Node) -> ClosedRange<Int>? {
        if node.scalar != nil { return integer(node, 1...1000).map { $0...$0 } }
        let map = mapping(node, "protocol", keys: ["minimum", "maximum"])
        guard
            let low = required("minimum", in: map, at: node, read: { self.integer($0, 1...1000) }),
            let high = required("maximum", in: map, at: node, read: { self.integer($0, 1...1000) })
        else { return nil }
        guard low <= high else {
            report(node, "protocol: minimum \(low) is above maximum \(high)")
            return nil
        }
        return low...high
    }

    private func command(_ node: Node) -> [String]? {
        let words = list(node, "command", of: string)
        guard let first = words.first, !first.isEmpty else {
            report(node, "command is empty")
            return nil
        }
        if first.hasPrefix("/") || first.split(separator: "/").contains("..") {
            report(node, "command: \(first) is neither a bare name nor a path inside the folder")
        }
        return words
    }

    private func string(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            report(node, "a line break or control character")
            return nil
        }
        return text
    }

    private func kebab(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        guard PluginManifest.isName(text) else {
            report(node, "\"\(text)\" is not a name: a-z, 0-9 and single hyphens, 40 at most")
            return nil
        }
        return text
    }

    private func eventType(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        guard Self.segments(text).allSatisfy(Self.isSegment), Self.segments(text).count >= 2 else {
            report(node, "\"\(text)\" is not an event type such as news.barid.article.parsed.v1")
            return nil
        }
        return text
    }

    private func pattern(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        let segments = Self.segments(text)
        let last = segments.count - 1
        let valid = segments.enumerated().allSatisfy { index, segment in
            segment == "*" || (segment == ">" && index == last) || Self.isSegment(segment)
        }
        guard valid else {
            report(node, "\"\(text)\" is not a pattern of event types")
            return nil
        }
        return text
    }

    private func service(_ node: Node) -> String? {
        guard let text = scalar(node) else { return nil }
        guard Self.segments(text).count >= 2, Self.segments(text).allSatisfy(Self.isSegment) else {
            report(node, "\"\(text)\" is not a service such as barid.parser.v1.Parser")
            return nil
        }
        return text
    }

    private func integer(_ node: Node, _ range: ClosedRange<Int>) -> Int? {
        guard let text = scalar(node) else { return nil }
        let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let value = Int(text), range.contains(value) else {
            report(
                node, "\"\(text)\" is not a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    private func duration(_ node: Node) -> Duration? {
        guard let text = scalar(node) else { return nil }
        guard let value = Duration(setting: text), value > .zero else {
            report(node, "\"\(text)\" is not a time such as 250ms, 30s, 10m or 1h")
            return nil
        }
        return value
    }

    private func start(_ node: Node) -> PluginManifest.Start? {
        guard let text = scalar(node) else { return nil }
        guard let start = PluginManifest.Start(text) else {
            report(
                node,
                "\"\(text)\" is none of: first, new, last, a sequence, a time such as 2026-05-01T08:00:00Z"
            )
            return nil
        }
        return start
    }

    private func bytes(_ node: Node) -> Int? {
        guard let text = scalar(node) else { return nil }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let count = Int(digits), count > 0, count <= 1 << 20, let factor = units[String(unit)]
        else {
            report(node, "\"\(text)\" is not a size such as 512 MiB")
            return nil
        }
        return count * factor
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ node: Node, _ type: Choice.Type
    ) -> Choice? {
        guard let text = scalar(node) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            report(node, "\"\(text)\" is none of: \(choices)")
            return nil
        }
        return choice
    }

    private static func segments(_ text: String) -> [Substring] {
        text.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func isSegment(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0)
                    || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
            }
    }

    // MARK: Nodes

    private func required<Value>(
        _ key: String, in map: [String: Node], at node: Node, read: (Node) -> Value?
    ) -> Value? {
        guard let value = map[key] else {
            report(node, "\(key) is missing")
            return nil
        }
        return read(value)
    }

    private func mapping(_ node: Node, _ what: String, keys: [String]) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            report(node, "\(what) is not a mapping")
            return [:]
        }
        var map: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = scalar(key) else { continue }
            if !keys.contains(name) {
                report(
                    key,
                    "unknown key \"\(name)\" in \(what); known: \(keys.joined(separator: ", "))")
            } else {
                map[name] = value  // Yams refuses repeated keys.
            }
        }
        return map
    }

    private func list<Value>(_ node: Node, _ what: String, of read: (Node) -> Value?) -> [Value] {
        guard case .sequence(let sequence) = node else {
            report(node, "\(what) is not a list")
            return []
        }
        return sequence.compactMap(read)
    }

    func scalar(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node else {
            report(node, "a text is expected")
            return nil
        }
        return scalar.string
    }

    func report(_ node: Node, _ message: String) {
        problems.append(.init(line: node.mark?.line, message: message))
    }
}

extension PluginManifest.Setting {
    /// Whether a text is a value of this setting.
    ///
    /// - Parameter value: The text somebody gave.
    /// - Returns: Whether it is of the setting's kind.
    public func accepts(_ value: String) -> Bool {
        switch kind {
        case .string: true
        case .integer: Int(value) != nil
        case .number: Double(value)?.isFinite == true
        case .boolean: value == "true" || value == "false"
        case .duration: Duration(setting: value) != nil
        }
    }
}

extension Duration {
    /// Reads a time as settings write it: a whole number and `ms`, `s`, `m` or `h`.
    ///
    /// - Parameter text: For example `250ms`, `30s`, `10m` or `1h`.
    public init?(setting text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let count = Int64(digits), count <= 1_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": self = .milliseconds(count)
        case "s": self = .seconds(count)
        case "m": self = .seconds(count * 60)
        case "h": self = .seconds(count * 3600)
        default: return nil
        }
    }

    /// The time in whole milliseconds, cut to what fits 32 bits.
    var milliseconds32: UInt32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow
            ? .max : UInt32(clamping: product + attoseconds / 1_000_000_000_000_000)
    }

    /// The time in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
