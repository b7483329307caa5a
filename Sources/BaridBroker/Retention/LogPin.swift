/// Why the oldest segment stays.
enum LogPin: Sendable, Equatable {
    /// There is no complete segment yet, or nothing in it.
    case nothingComplete
    /// The topic's rules keep everything.
    case keepsAll(topic: String)
    /// No rule of the topic lets it go yet.
    case notYet(topic: String)
    /// A topic with the rule `acknowledged` has no group.
    case noGroup(topic: String)
    /// A group is not done with it.
    case group(topic: String, group: String, sequence: UInt64)
    /// A dead letter has to stay readable.
    case deadLetter(topic: String, group: String, sequence: UInt64)
    /// It is let go of once the snapshots are later.
    case snapshot

    /// A sentence for a person.
    var description: String {
        switch self {
        case .nothingComplete: "nothing: no segment is complete"
        case .keepsAll(let topic): "retention of topic '\(topic)' keeps everything"
        case .notYet(let topic): "no rule of topic '\(topic)' lets it go yet"
        case .noGroup(let topic): "topic '\(topic)' has no group that could be done with it"
        case .group(let topic, let group, let sequence):
            "group '\(group)' of topic '\(topic)' is not done with event \(sequence)"
        case .deadLetter(let topic, let group, let sequence):
            "a dead letter of group '\(group)' of topic '\(topic)', event \(sequence)"
        case .snapshot: "nothing: it goes when the next snapshots are written"
        }
    }

    /// What frees it; empty when nothing need be done.
    var remedy: String {
        switch self {
        case .nothingComplete, .notYet, .snapshot: ""
        case .keepsAll: "start the broker with --retain, as --retain acknowledged,age=30d"
        case .noGroup(let topic):
            "barid-broker --retain \(topic):age=30d, or a worker for the topic"
        case .group(_, let group, _): "start the workers of '\(group)'; barid status shows its lag"
        case .deadLetter(_, let group, _): "barid dead-letters retry or purge, --group \(group)"
        }
    }
}
