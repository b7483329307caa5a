import ArgumentParser
import Barid
import BaridArticles
import Foundation

/// `barid publish`.
struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish articles; print a receipt for each, or what became of it.",
        discussion: """
            A receipt means that the article is stored and fsynced. The same bytes again are told as a \
            duplicate; other bytes under the same id are the article's next revision. The id is --id, else \
            the item's own id or URL, else the SHA-256 of its bytes.

            Text files hold one article, .json one object, .jsonl and .ndjson one object a line (id, url, \
            source, title, published, abstract, text). What cannot be read is reported, the rest goes on, \
            and the exit code is 65 or 66.

            With --json each line is an object: id, event_id, file, sequence, durability, duplicate; with \
            --wait also article, tagged, moderated and stages, as in barid.index.v1.GetArticleResponse: \
            protobuf JSON, field names as in Protocols/, fields with their default value left out.

            Examples:
              barid publish article.txt --wait
              barid publish dump.jsonl
              curl -s https://example.org/a.txt | barid publish - --url https://example.org/a.txt
              barid publish --samples --wait
              barid publish article.txt --wait --json | jq .article.headline.text
            """)

    @Argument(
        help: ArgumentHelp("Files; \"-\" is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

    @Flag(help: "Publish the articles that come with Barid.")
    var samples = false

    @Flag(
        help: "Follow each article into the index and show the result; exit 65 if one is given up.")
    var wait = false

    @Option(name: .customLong("as"), help: "How the input is read.")
    var form = InputForm.auto

    @Option(help: "Character encoding of text files, as windows-1256; the default is utf-8.")
    var charset: String?

    @Option(help: "The id of the article; for one article only.")
    var id: String?

    @Option(help: "Where the article came from; for one article only.")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Longest wait for a receipt and, with --wait, for the next result, in seconds.",
            valueName: "seconds"))
    var deadline = 60.0

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard samples || !files.isEmpty else {
            throw ValidationError("Give a file, \"-\" for standard input, or --samples.")
        }
        guard (0.001...604_800).contains(deadline) else {
            throw ValidationError("--deadline is above 0 and at most 604800 seconds.")
        }
        if id != nil || url != nil {
            let isOne = files.allSatisfy {
                $0 == "-"
                    || form == .auto && ArticleReader.form(of: $0, beginning: Data()) != .jsonl
                    || [.text, .json].contains(form)
            }
            guard !samples, files.count == 1, form != .jsonl, isOne else {
                throw ValidationError("--id and --url are for one article.")
            }
        }
        if let id, !ArticleIdentity.isUsable(id) {
            throw ValidationError("--id is 1 to 512 bytes without control characters.")
        }
        let isName = charset?.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
                || "-_:.".unicodeScalars.contains($0)
        }
        guard isName ?? true, charset?.isEmpty != true else {
            throw ValidationError("--charset is a name such as windows-1256.")
        }
        guard files.filter({ $0 == "-" }).count <= 1 else {
            throw ValidationError("Standard input can be read once.")
        }
    }

    func run() async throws {
        // Counting reads every file once more, which is worth it only where somebody sees the bar.
        let count =
            Console.error.isTerminal
            ? ArticleReader.count(paths: files, form: form, samples: samples) : nil
        let report = PublishReport(json: output.json, wait: wait, count: count)
        let items = ArticleReader(
            paths: files, form: form, samples: samples, charset: charset?.lowercased())
        do {
            try await publish(items, report)
        } catch is Interrupted {
            await report.interrupted()
            throw ExitCode.interrupted
        }
        await report.finish()
        if let code = await report.exitCode { throw code }
    }

    private func publish(_ items: ArticleReader, _ report: PublishReport) async throws {
        // Nothing is connected for what cannot be read.
        var beginning: [ArticleReader.Element] = []
        for await item in items {
            beginning.append(item)
            if case .success = item { break }
        }
        guard case .success? = beginning.last else {
            for case .failure(let problem) in beginning { await report.problem(problem) }
            return
        }
        var configuration = Publisher.Configuration()
        configuration.deadline = .milliseconds(Int64(deadline * 1000))
        let (limit, wait, id, url) = (configuration.deadline, wait, id, url)
        try await broker.connected(as: "barid publish", wait: min(limit, BaridClient.defaultWait)) {
            [configuration, beginning] client in
            let run = PublishRun(
                client: client, configuration: configuration, report: report, explicitID: id,
                url: url, isWaiting: wait, limit: limit, beginning: beginning, reader: items)
            try await run.run()
        }
    }
}
