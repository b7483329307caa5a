import ArgumentParser
import Barid
import BaridArticles
import BaridSchema
import Foundation
import GRPCCore

/// `barid watch`.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch articles go through the stages, live, until Ctrl-C.",
        discussion: """
            Without an article, everything that is stored from now on; with one, its whole history first.

            Examples:
              barid watch
              barid watch 3f9c
              barid watch --from-start --json | jq .type
            """)

    @Argument(help: "The article's id, or the beginning of it.")
    var article: String?

    @Flag(help: "Begin with the first event kept.")
    var fromStart = false

    @Flag(inversion: .prefixedNo, help: "Go on with what is stored from now on.")
    var follow = true

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let prefix = article
        let json = output.json
        let headlines = Headlines()
        var request = Barid_Bus_V1_ReadRequest()
        request.topic = ArticleEventType.topic
        request.follow = follow
        request.start.at = fromStart || prefix != nil || !follow ? .first : .new
        do {
            try await broker.connected(as: "barid watch") { [request] client in
                let reader = EventReader(client: client) {
                    Console.error.line("barid: the broker is away; waiting for it")
                }
                try await reader.read(request, deadline: nil) { stored in
                    let event = stored.event
                    if let prefix, !event.subject.hasPrefix(prefix) { return true }
                    Console.output.line(
                        json ? try Self.json(stored) : await headlines.line(stored, on: .output))
                    return true
                }
            }
        } catch is Interrupted {
            throw ExitCode.interrupted
        }
    }

    private static func json(_ stored: StoredEvent) throws -> String {
        var text = JSONText()
        text.add("sequence", stored.sequence)
        text.add("stored", Formats.instant(nanoseconds: stored.storedNanoseconds))
        text.add("type", stored.event.type)
        text.add("id", stored.event.id)
        text.add("source", stored.event.source)
        text.add("article", stored.event.subject)
        if !stored.event.causationID.isEmpty { text.add("causation_id", stored.event.causationID) }
        return text.text
    }
}

/// Remembers headlines, so that each line of `watch` says which article it is about.
private actor Headlines {
    private var known: [String: String] = [:]
    private var since: [String: UInt64] = [:]

    func line(_ stored: StoredEvent, on console: Console) -> String {
        let event = stored.event
        let subject = event.subject
        // Bounded: a watch may run for weeks.
        if known.count > 10_000 { known = [:] }
        if since.count > 10_000 { since = [:] }
        let detail = self.detail(of: event, on: console)
        let begun = since[subject] ?? stored.storedNanoseconds
        since[subject] = begun
        let elapsed = stored.storedNanoseconds >= begun ? stored.storedNanoseconds - begun : 0
        let time = Formats.clock(nanoseconds: stored.storedNanoseconds)
        let stage = Self.stage(of: event.type)
        let id = console.id(subject, within: 13)
        let after = elapsed > 0 ? "+\(elapsed / 1_000_000) ms" : ""
        let words =
            detail ?? known[subject].map { console.words(DisplayWidth.cut($0, to: 60)) } ?? ""
        return [
            console.styled(time, .dim),
            console.styled(stage.padding(toLength: 9), Self.style(of: stage)),
            id
                + String(repeating: " ", count: max(0, 13 - DisplayWidth.columns(of: id))),
            after.padding(toLength: 9), words,
        ].joined(separator: "  ")
    }

    private func detail(of event: Barid_Bus_V1_Event, on console: Console) -> String? {
        guard case .protoData(let data) = event.data else { return nil }
        switch event.type {
        case ArticleEventType.parsed:
            guard let article = try? Article(serializedBytes: data.value) else { return nil }
            known[event.subject] = article.headline.text
            return console.words(DisplayWidth.cut(article.headline.text, to: 60))
        case ArticleEventType.tagged:
            guard let tagged = try? ArticleTagged(serializedBytes: data.value) else { return nil }
            return tagged.entities.count == 1 ? "1 entity" : "\(tagged.entities.count) entities"
        case ArticleEventType.moderated:
            guard let moderated = try? ArticleModerated(serializedBytes: data.value) else {
                return nil
            }
            let held = moderated.comments.filter { $0.verdict.decision != .pass }.count
            let verdict = ArticleView.styled(moderated.article.decision, on: console)
            return held == 0 ? verdict : "\(verdict), \(Formats.count(held, "comment")) withheld"
        case ArticleEventType.summarized:
            return (try? ArticleSummarized(serializedBytes: data.value)).flatMap {
                $0.phrases.first.map { console.words(DisplayWidth.cut($0.text, to: 60)) }
            }
        case ArticleEventType.indexed:
            guard let indexed = try? ArticleIndexed(serializedBytes: data.value) else { return nil }
            return indexed.stages.map { ArticleView.name($0) }.joined(separator: ", ")
        case ArticleEventType.submitted:
            return (try? ArticleSubmitted(serializedBytes: data.value)).map {
                Formats.bytes(UInt64($0.content.count))
            }
        default:
            return nil
        }
    }

    /// "parsed" of "news.barid.article.parsed.v1".
    private static func stage(of type: String) -> String {
        let parts = type.split(separator: ".")
        let name = parts.count > 1 ? String(parts[parts.count - 2]) : type
        // Anybody's type: short, and nothing in it acts on the terminal.
        return DisplayWidth.cut(Console.program.words(name), to: 12)
    }

    private static func style(of stage: String) -> Style {
        stage == "indexed" ? .green : .cyan
    }
}
