import BaridArticles
import BaridSchema

/// One event with its way through the groups, and what is to be said of the event itself.
struct EventJourney {
    /// A reason that is the event's own, whatever the group.
    struct Reason: Equatable {
        var name: String
        var message: String
        var command: String
    }

    let explained: Barid_Admin_V1_ExplainedEvent
    let event: Barid_Bus_V1_Event

    init(_ explained: Barid_Admin_V1_ExplainedEvent) throws {
        self.explained = explained
        event = try Barid_Bus_V1_Event(serializedBytes: explained.event)
    }

    /// No group takes it, or a person has to look at it first.
    var reason: Reason? {
        // The last word of the pipeline is for people, not for groups.
        if event.type == ArticleEventType.indexed { return nil }
        if let held { return held }
        guard explained.groups.isEmpty else { return nil }
        return Reason(
            name: "NO_SUBSCRIBER",
            message: "no group of topic \(explained.topic) takes events of type \(event.type)",
            command: Self.groupCommand(topic: explained.topic, type: event.type))
    }

    /// A group that begins with the first event gets what nobody took.
    private static func groupCommand(topic: String, type: String) -> String {
        "barid group create any-name --topic \(ShellWord.quoted(topic)) "
            + "--type \(ShellWord.quoted(type))"
    }

    private var held: Reason? {
        guard event.type == ArticleEventType.moderated, case .protoData(let data) = event.data,
            let moderated = try? ArticleModerated(serializedBytes: data.value)
        else { return nil }
        var what: [String] = []
        if moderated.article.decision == .hold { what.append("the article") }
        let comments = moderated.comments.filter { $0.verdict.decision == .hold }
        if !comments.isEmpty {
            let numbers = comments.map { "\($0.commentNumber)" }.joined(separator: ", ")
            what.append("comment \(numbers)")
        }
        guard !what.isEmpty else { return nil }
        return Reason(
            name: "HELD_FOR_REVIEW",
            message:
                "the moderator held \(what.joined(separator: " and ")) for a person to look at",
            command: "barid article \(ShellWord.quoted(event.subject))")
    }
}
