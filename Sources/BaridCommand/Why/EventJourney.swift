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
    /// What people have decided about the article since.
    private let decided: DecidedReviews

    init(
        _ explained: Barid_Admin_V1_ExplainedEvent, decided: DecidedReviews = DecidedReviews()
    ) throws {
        self.explained = explained
        event = try Barid_Bus_V1_Event(serializedBytes: explained.event)
        self.decided = decided
    }

    /// The journeys of all events of an answer.
    static func all(in response: Barid_Admin_V1_ExplainResponse) throws -> [EventJourney] {
        var decided = DecidedReviews()
        for explained in response.events {
            decided.add(try Barid_Bus_V1_Event(serializedBytes: explained.event))
        }
        return try response.events.map { try EventJourney($0, decided: decided) }
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
        let open = decided.open(moderated)
        guard let first = open.first else { return nil }
        var what: [String] = []
        if open.contains(nil) { what.append("the article") }
        let comments = open.compactMap { $0 }
        if !comments.isEmpty {
            let numbers = comments.map { "\($0)" }.joined(separator: ", ")
            what.append("comment \(numbers)")
        }
        let comment = first.map { " --comment \($0)" } ?? ""
        return Reason(
            name: "HELD_FOR_REVIEW",
            message:
                "the moderator held \(what.joined(separator: " and ")) for a person to look at",
            command: "barid review approve \(ShellWord.quoted(event.subject))\(comment)")
    }
}
