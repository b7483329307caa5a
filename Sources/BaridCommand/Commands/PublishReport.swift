import ArgumentParser
import Barid
import BaridArticles
import BaridSchema
import GRPCCore

/// What `barid publish` prints, in the order of the input, and the exit code it comes to.
actor PublishReport {
    private let json: Bool
    private let wait: Bool
    private let console = Console.output
    private let errors = Console.error
    private let bar: ProgressBar
    private var receipts: [Int: (article: PublishedArticle, receipt: Receipt)] = [:]
    private var ready: [Int: [String]] = [:]
    private var next = 0
    private var codes: [ExitCode] = []
    private var unknown: [PublishedArticle] = []
    private var unfinished: [PublishedArticle] = []
    private var notSent: [PublishedArticle] = []
    private var stored = 0

    init(json: Bool, wait: Bool, count: Int?) {
        self.json = json
        self.wait = wait
        bar = ProgressBar(wait ? "indexed" : "published", total: count)
    }

    /// The worst that happened; nil when nothing did.
    var exitCode: ExitCode? {
        for code in [ExitCode.interrupted, .temporary, .unavailable, .refused] {
            if codes.contains(where: { $0.rawValue == code.rawValue }) { return code }
        }
        return codes.first
    }

    /// Whether the broker has been away for longer than the person would wait.
    var hasLostBroker: Bool { !unknown.isEmpty || !notSent.isEmpty }

    /// Nothing from here on is read, because the broker is away.
    func stop(before name: String) {
        complain(
            "the broker is away: stopped before \(errors.words(name)); nothing from there on was sent"
        )
    }

    /// The person pressed Ctrl-C.
    func interrupted() {
        bar.clear()
        errors.line(
            "Interrupted: \(Formats.count(stored, "article")) stored; what was on its way may be. Publishing again is safe."
        )
    }

    /// Something could not be read.
    func problem(_ problem: InputProblem) {
        codes.append(problem.code)
        complain("\(errors.words(problem.name)): \(problem.message)")
        bar.advance()
    }

    /// There is no result at this place of the input.
    func skip(_ index: Int) { print([], at: index) }

    func receipt(of article: PublishedArticle, _ outcome: PublishOutcome) {
        switch outcome {
        case .stored(let receipt):
            stored += 1
            guard wait else {
                bar.advance()
                print(
                    [json ? jsonReceipt(article, receipt).text : line(article, receipt)],
                    at: article.index)
                return
            }
            receipts[article.index] = (article, receipt)
            if !json { say(line(article, receipt)) }
        case .refused(let error) where error.code == .deadlineExceeded:
            codes.append(.unavailable)
            notSent.append(article)
            bar.advance()
            skip(article.index)
        case .refused(let error) where error.code == .alreadyExists:
            codes.append(ExitCode(error.code))
            complain(
                "\(errors.words(article.name)): not published: the same bytes were, with another --url, --charset or form: \(BaridTool.text(of: error)). With an --id of its own it is another article"
            )
            bar.advance()
            skip(article.index)
        case .refused(let error):
            codes.append(ExitCode(error.code))
            complain("\(errors.words(article.name)): not published: \(BaridTool.text(of: error))")
            bar.advance()
            skip(article.index)
        case .unknown(let error):
            codes.append(error.code == .cancelled ? .interrupted : .temporary)
            unknown.append(article)
            bar.advance()
            skip(article.index)
        }
    }

    /// The way of an article is over.
    func end(of article: PublishedArticle, _ end: ArticleFollower.End) {
        bar.advance()
        guard let (_, receipt) = receipts.removeValue(forKey: article.index) else { return }
        switch end {
        case .indexed(let response):
            guard json else {
                return print(
                    [""] + ArticleView(response: response, console: console).summary(),
                    at: article.index)
            }
            do {
                var text = jsonReceipt(article, receipt)
                try text.add("article", response.article)
                if response.hasTagged { try text.add("tagged", response.tagged) }
                if response.hasModerated { try text.add("moderated", response.moderated) }
                if response.hasSummarized { try text.add("summarized", response.summarized) }
                let stages = response.stages.map { JSONText.string(ArticleView.name($0)) }
                text.add("stages", json: "[\(stages.joined(separator: ","))]")
                print([text.text], at: article.index)
            } catch {
                codes.append(.software)
                complain("\(errors.words(article.name)): \(error)")
                skip(article.index)
            }
        case .givenUp(let letter):
            codes.append(.badInput)
            complain(
                "\(errors.words(article.name)): \(ArticleFollower.text(letter, on: errors))")
            guard json else { return skip(article.index) }
            var text = jsonReceipt(article, receipt)
            text.add("error", ArticleFollower.text(letter, on: .program))
            print([text.text], at: article.index)
        case .timedOut:
            codes.append(.temporary)
            unfinished.append(article)
            skip(article.index)
        case .failed(let error):
            codes.append(ExitCode(error.code))
            complain("\(errors.words(article.name)): stored, but: \(BaridTool.text(of: error))")
            skip(article.index)
        }
    }

    /// Says what is left to say.
    func finish() {
        for (_, waiting) in receipts.sorted(by: { $0.key < $1.key }) {
            unfinished.append(waiting.article)
        }
        receipts = [:]
        bar.clear()
        if !unknown.isEmpty {
            complain(
                "no receipt came in time: whether these are stored is unknown; publishing them again is safe:"
            )
            list(unknown)
        }
        if !notSent.isEmpty {
            complain("not sent within the deadline, so not stored:")
            list(notSent)
        }
        if !unfinished.isEmpty {
            complain(
                "stored, but not through all stages yet; `barid why ID` says what holds it up:")
            list(unfinished)
        }
        if stored > 1, errors.isTerminal {
            errors.line("\(Formats.count(stored, "article")) stored")
        }
    }

    private func list(_ articles: [PublishedArticle]) {
        for article in articles {
            errors.line(
                "  \(errors.words(article.name))  id \(errors.id(article.identity.articleID))")
        }
    }

    private func line(_ article: PublishedArticle, _ receipt: Receipt) -> String {
        let duplicate = receipt.duplicate && receipt.sendings == 1
        return [
            console.styled(duplicate ? "=" : "✓", .green),
            console.id(article.identity.articleID),
            "#\(receipt.sequence)",
            Self.name(receipt.durability)
                + (receipt.durability == .interval ? " (not power-safe)" : ""),
            console.styled(console.words(article.name), .dim)
                + (duplicate ? " (a duplicate: stored before)" : ""),
        ].joined(separator: "  ")
    }

    private func jsonReceipt(_ article: PublishedArticle, _ receipt: Receipt) -> JSONText {
        var text = JSONText()
        text.add("id", article.identity.articleID)
        text.add("event_id", article.identity.eventID)
        text.add("file", article.name)
        text.add("sequence", receipt.sequence)
        text.add("durability", Self.name(receipt.durability))
        // Sent again after a lost connection, a duplicate is our own first sending.
        text.add("duplicate", receipt.duplicate && receipt.sendings == 1)
        return text
    }

    static func name(_ durability: Barid_Bus_V1_Durability) -> String {
        switch durability {
        case .fsync: "fsync"
        case .memory: "memory"
        case .interval: "interval"
        case .unspecified, .UNRECOGNIZED: "unknown"
        }
    }

    private func print(_ lines: [String], at index: Int) {
        ready[index] = lines
        while let lines = ready.removeValue(forKey: next) {
            for line in lines { say(line) }
            next += 1
        }
    }

    private func say(_ line: String) {
        bar.clear()
        console.line(line)
    }

    private func complain(_ message: String) {
        bar.clear()
        errors.line("\(errors.styled("barid:", .red)) \(message)")
    }
}
