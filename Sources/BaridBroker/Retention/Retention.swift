/// What a topic keeps (Protocols/2-bus §8.1).
///
/// The default keeps everything. Any one rule suffices to let go of the oldest.
public struct Retention: Sendable, Equatable {
    /// Events stored longer ago go.
    public var age: Duration?
    /// The oldest go while the whole log has more bytes than this; for the broker only.
    public var bytes: UInt64?
    /// The oldest go while so many newer ones stay.
    public var events: UInt64?
    /// What all groups of the topic are done with goes, if there is a group.
    public var acknowledged = false

    /// Everything is kept.
    public init() {}

    /// Whether nothing ever goes.
    public var keepsAll: Bool { age == nil && bytes == nil && events == nil && !acknowledged }
}

extension Retention: CustomStringConvertible {
    /// The rules as they are written, `all` when there is none.
    public var description: String {
        var rules: [String] = []
        if let age { rules.append("age=\(age.components.seconds)s") }
        if let bytes { rules.append("bytes=\(bytes)") }
        if let events { rules.append("events=\(events)") }
        if acknowledged { rules.append("acknowledged") }
        return rules.isEmpty ? "all" : rules.joined(separator: ",")
    }
}

/// What each topic keeps.
public struct RetentionRules: Sendable, Equatable {
    /// For topics without rules of their own.
    public var standard = Retention()
    /// For topics by name, in place of the standard.
    public var topics: [String: Retention] = [:]

    /// Everything is kept.
    public init() {}

    /// The rules of a topic.
    public func rules(for topic: String) -> Retention { topics[topic] ?? standard }

    /// Whether nothing ever goes.
    public var keepAll: Bool { standard.keepsAll && topics.values.allSatisfy(\.keepsAll) }
}

extension RetentionRules: CustomStringConvertible {
    /// The rules as they are written.
    public var description: String {
        ([standard.description]
            + topics.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" })
            .joined(separator: " ")
    }
}
