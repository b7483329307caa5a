import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group replay`.
struct GroupReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Have a group handle again what it is done with.",
        discussion: """
            Deliveries and what workers emit for them are marked as a replay, so that a better worker's \
            results take the place of the old ones. Dead letters among the events are retried. What the \
            group is not done with goes its way.

            Examples:
              barid group replay entity-tagger --article ar-2024-17
              barid group replay entity-tagger --from 2026-05-01T08:00:00Z
              barid group replay parser --from first
            """)

    @OptionGroup var which: GroupOptions

    @Option(help: ArgumentHelp("From where on: \(PluginManifest.Start.help).", valueName: "place"))
    var from: PluginManifest.Start?

    @Option(
        name: .customLong("article"),
        help: ArgumentHelp(
            "Only the events of this article, by its whole id. May be repeated.", valueName: "id"))
    var articles: [String] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard from != nil || !articles.isEmpty else {
            throw ValidationError("what? Give --from, --article, or both")
        }
        guard articles.count <= 100 else { throw ValidationError("at most 100 articles at once") }
    }

    func run() async throws {
        let request = Barid_Admin_V1_ReplayGroupRequest.with {
            $0.topic = which.topic
            $0.group = which.group
            $0.start = .init(from ?? .first)
            $0.subjects = articles
        }
        // A search for articles reads the whole topic.
        let answer = try await broker.connected(as: "barid group") { client in
            try await client.admin.replayGroup(request, options: .within(.seconds(600)))
        }
        if output.json {
            Console.output.line(try JSONText.line(answer))
            return
        }
        let name = Console.output.words(which.group)
        guard answer.events > 0 else {
            Console.output.line("\(name) has done none of that: nothing to do again.")
            return
        }
        Console.output.line(
            "\(name) does \(Formats.count(Int(clamping: answer.events), "event")) again, as replay \(answer.replay)."
        )
    }
}
