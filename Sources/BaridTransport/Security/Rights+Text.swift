internal import GRPCCore

extension Rights {
    /// Reads rights as a key's file and `barid keys new --allow` write them.
    ///
    /// - Parameter text: Items separated by commas: `publish=[TOPIC:]TYPES`,
    ///   `subscribe=[TOPIC:][GROUP/]TYPES`, `call=SERVICES[/METHOD]`, `serve=SERVICES`, `admin`, `all`.
    /// - Throws: `RPCError` with code `.invalidArgument`, naming every item that is wrong.
    public init(_ text: String) throws {
        self.init()
        var problems: [String] = []
        for item in text.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
            guard let right = parts.first, add(right, parts.count > 1 ? parts[1] : nil) else {
                problems.append("'\(item)'")
                continue
            }
        }
        guard problems.isEmpty else {
            throw RPCError(
                code: .invalidArgument,
                message: """
                    \(problems.joined(separator: ", ")): no such right; they are \
                    publish=[TOPIC:]TYPES, subscribe=[TOPIC:][GROUP/]TYPES, \
                    call=SERVICES[/METHOD], serve=SERVICES, admin, all; patterns take * for one \
                    segment and a final > for the rest
                    """)
        }
    }

    /// The rights as ``init(_:)`` reads them.
    public var description: String {
        guard self != .all else { return "all" }
        return
            (publish.map { "publish=\($0)" } + subscribe.map { "subscribe=\($0)" }
            + call.map { "call=\($0)" } + serve.map { "serve=\($0)" } + (admin ? ["admin"] : []))
            .joined(separator: ",")
    }

    /// Takes one item up; false if it is none.
    private mutating func add(_ right: String, _ value: String?) -> Bool {
        switch (right, value) {
        case ("all", nil): self = .all
        case ("admin", nil): admin = true
        case ("publish", let value?):
            guard let rule = EventRule(value), rule.groups == nil else { return false }
            publish.append(rule)
        case ("subscribe", let value?):
            guard let rule = EventRule(value) else { return false }
            subscribe.append(rule)
        case ("call", let value?):
            guard let rule = CallRule(value) else { return false }
            call.append(rule)
        case ("serve", let value?):
            guard let pattern = NamePattern(value) else { return false }
            serve.append(pattern)
        default: return false
        }
        return true
    }
}

extension Rights.EventRule {
    /// Reads `[TOPIC:][GROUP/]TYPES`.
    fileprivate init?(_ text: String) {
        var rest = text[...]
        var topics = NamePattern.all
        var groups: NamePattern?
        if let colon = rest.firstIndex(of: ":") {
            guard let pattern = NamePattern(String(rest[..<colon])) else { return nil }
            topics = pattern
            rest = rest[rest.index(after: colon)...]
        }
        if let slash = rest.firstIndex(of: "/") {
            guard let pattern = NamePattern(String(rest[..<slash])) else { return nil }
            groups = pattern
            rest = rest[rest.index(after: slash)...]
        }
        guard let types = NamePattern(String(rest)) else { return nil }
        self.init(types: types, topics: topics, groups: groups)
    }
}

extension Rights.CallRule {
    /// Reads `SERVICES[/METHOD]`.
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2,
            let services = NamePattern(String(first))
        else { return nil }
        if parts.count == 2 {
            let method = String(parts[1])
            guard NamePattern(method) != nil, !method.contains(where: { ".*>".contains($0) }) else {
                return nil
            }
            self.init(services: services, method: method)
        } else {
            self.init(services: services, method: nil)
        }
    }
}
