public import GRPCCore

/// What a peer may do: publish, subscribe, call, serve, look after the broker.
///
/// Specified in Protocols/7-security §5, with the text form that ``init(_:)`` reads. Nothing is
/// allowed that no rule allows.
public struct Rights: Sendable, Hashable, CustomStringConvertible {
    /// A rule on events: which types, in which topics, for which groups.
    public struct EventRule: Sendable, Hashable, CustomStringConvertible {
        /// The event types.
        public var types: NamePattern
        /// The topics.
        public var topics = NamePattern.all
        /// The groups, of a subscription; nil for any, and for reading without a group.
        public var groups: NamePattern?

        /// The rule as it is written: `[TOPIC:][GROUP/]TYPES`.
        public var description: String {
            (topics == .all ? "" : "\(topics):") + (groups.map { "\($0)/" } ?? "") + "\(types)"
        }
    }

    /// A rule on calls: which services, and of those which method.
    public struct CallRule: Sendable, Hashable, CustomStringConvertible {
        /// The services, by their fully qualified names.
        public var services: NamePattern
        /// The only method, or nil for all of them.
        public var method: String?

        /// The rule as it is written: `SERVICES[/METHOD]`.
        public var description: String { "\(services)" + (method.map { "/\($0)" } ?? "") }
    }

    /// What may be published, and emitted by an ack.
    public var publish: [EventRule] = []
    /// What may be subscribed to, and read.
    public var subscribe: [EventRule] = []
    /// What may be called.
    public var call: [CallRule] = []
    /// What may be served to others.
    public var serve: [NamePattern] = []
    /// Whether `Admin` and the supervisor may be called; no rule of ``call`` reaches these.
    public var admin = false

    /// Rights to nothing.
    public init() {}

    /// Rights to everything: what a peer on a local socket has.
    public static let all: Rights = {
        var rights = Rights()
        rights.publish = [EventRule(types: .all)]
        rights.subscribe = [EventRule(types: .all)]
        rights.call = [CallRule(services: .all)]
        rights.serve = [.all]
        rights.admin = true
        return rights
    }()

    /// Whether events of a type may be published to a topic.
    public func mayPublish(type: String, topic: String) -> Bool {
        publish.contains { $0.types.matches(type) && $0.topics.matches(topic) }
    }

    /// Whether everything that the patterns match may be taken from a topic.
    ///
    /// - Parameters:
    ///   - patterns: Patterns on types; none stands for every type.
    ///   - topic: The topic.
    ///   - group: The group, or nil for reading without one.
    /// - Returns: Whether a rule covers each of the patterns.
    public func maySubscribe(patterns: [String], topic: String, group: String?) -> Bool {
        let wanted = patterns.isEmpty ? [">"] : patterns
        return wanted.allSatisfy { pattern in
            subscribe.contains { rule in
                guard rule.topics.matches(topic), rule.types.covers(pattern) else { return false }
                guard let groups = rule.groups else { return true }
                return group.map(groups.matches) ?? false
            }
        }
    }

    /// Whether a method may be called.
    ///
    /// Health may always be asked for, and whoever may call something may ask what there is. The event bus is not a matter of calls: its streams check
    /// the rights to publish and subscribe.
    public func mayCall(_ method: MethodDescriptor) -> Bool {
        let service = method.service.fullyQualifiedService
        if Self.services(ofAdmin: service) { return admin }
        switch service {
        case "grpc.health.v1.Health": return true
        case "grpc.reflection.v1.ServerReflection": return !call.isEmpty
        // It describes the services of the caller's own session, each of which took a right.
        case "barid.reflection.v1.Registry": return !serve.isEmpty
        case "barid.bus.v1.EventBus":
            return method.method == "Publish" ? !publish.isEmpty : !subscribe.isEmpty
        default:
            return call.contains { rule in
                rule.services.matches(service) && rule.method.map { $0 == method.method } ?? true
            }
        }
    }

    /// Whether a service may be registered.
    ///
    /// The broker's own services may not, whatever the rules say.
    public func mayServe(_ service: String) -> Bool {
        if Self.services(ofAdmin: service) { return admin }
        return serve.contains { $0.matches(service) }
    }

    private static func services(ofAdmin service: String) -> Bool {
        service.hasPrefix("barid.admin.") || service.hasPrefix("barid.supervisor.")
    }
}
