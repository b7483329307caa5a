import ArgumentParser
import Barid
import BaridArticles
import BaridSchema
import GRPCCore
import SwiftProtobuf

/// `barid why`.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say where an article is, what each of its events waits for, and what frees it.",
        discussion: """
            Shows the whole journey of every event of the article through every group: workers, attempts, times, \
            errors; and, of what does not move, the named reason with the command that frees it.

            Examples:
              barid why 3f9c              a prefix of the id is enough, when no other has it
              barid why 3f9c --spans      the same as a tree of spans with their times
              barid why 3f9c --json | jq '.events[].groups[] | {group, reason, command}'
            """)

    @Argument(help: "The article's id, the beginning of it, or the id of one of its events.")
    var article: String

    @Flag(help: "Draw which event gave rise to which, and how long each group took.")
    var spans = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard !article.isEmpty, article.utf8.count <= 2_048 else {
            throw ValidationError("an id has from 1 to 2,048 bytes")
        }
    }

    func run() async throws {
        let article = article
        let response = try await broker.connected(as: "barid why") { client in
            try await Self.explain(article, client)
        }
        let journeys = try EventJourney.all(in: response)
        if output.json {
            Console.output.line(try Self.json(response, journeys))
            return
        }
        let console = Console.output
        let lines =
            spans
            ? SpanTree(journeys: journeys, console: console).lines()
            : JourneyView(response: response, journeys: journeys, console: console).lines()
        for line in lines { console.line(line) }
    }

    private static func explain(
        _ article: String, _ client: BaridClient
    ) async throws -> Barid_Admin_V1_ExplainResponse {
        do {
            return try await client.admin.explain(
                .with { $0.article = article }, options: .within(.seconds(120)))
        } catch let error as RPCError where error.code == .notFound {
            // What a full broker refused is nowhere.
            let status = try await client.admin.getStatus(
                Barid_Admin_V1_GetStatusRequest(), options: .within(.seconds(10)))
            guard !status.accepting else { throw error }
            throw CommandError(
                .noInput,
                "\(error.message)\nNOT_ACCEPTING: \(status.notAccepting): \(status.notAcceptingReason)"
            )
        }
    }

    private static func json(
        _ response: Barid_Admin_V1_ExplainResponse, _ journeys: [EventJourney]
    ) throws -> String {
        var text = JSONText()
        text.add("subject", response.subject)
        if !response.notAccepting.isEmpty {
            text.add("not_accepting", response.notAccepting)
            text.add("not_accepting_reason", response.notAcceptingReason)
        }
        let events = try journeys.map { journey -> String in
            var event = JSONText()
            event.add("topic", journey.explained.topic)
            event.add("sequence", journey.explained.sequence)
            event.add("stored", json: try journey.explained.stored.jsonString())
            event.add("type", journey.event.type)
            event.add("id", journey.event.id)
            event.add("source", journey.event.source)
            event.add("article", journey.event.subject)
            if !journey.event.causationID.isEmpty {
                event.add("causation_id", journey.event.causationID)
            }
            if let reason = journey.reason {
                event.add("reason", reason.name)
                event.add("message", reason.message)
                event.add("command", reason.command)
            }
            let groups = try journey.explained.groups.map { try JSONText.line($0) }
            event.add("groups", json: "[\(groups.joined(separator: ","))]")
            return event.text
        }
        text.add("events", json: "[\(events.joined(separator: ","))]")
        return text.text
    }
}
