import BaridArticles
import BaridSchema

/// An article and what is known of it, for people.
struct ArticleView {
    let response: Barid_Index_V1_GetArticleResponse
    let console: Console

    private var article: Article { response.article }

    /// A few lines: what it is, what was found, whether it may be shown.
    func summary() -> [String] {
        var lines = [heading, "  id        \(console.id(article.id))"]
        lines += row("from", origin)
        if response.hasRetracted {
            lines += row(
                "gone",
                console.styled("retracted", .red)
                    + said(response.retracted.reviewer, response.retracted.note))
        }
        lines += row("read as", counts)
        if response.hasTagged {
            lines += entities.map { "  \($0.padded)  \($0.names)" }
        }
        if response.hasSummarized { lines += row("about", about) }
        lines += verdicts.map { "  \($0)" }
        lines += article.warnings.map {
            "  \(console.styled("warning", .yellow))   \(console.words($0.message))"
        }
        lines += row("stages", stages)
        return lines
    }

    /// Everything.
    func full() -> [String] {
        var lines = summary()
        if article.hasAbstract {
            lines += section("Abstract", [console.prose(article.abstract.text)])
        }
        lines += section(
            "Summary", response.summarized.sentences.map { console.prose($0.text) })
        lines += section(
            "Text",
            article.paragraphs.map { paragraph in
                let mark =
                    switch paragraph.kind {
                    case .subheading: "§ "
                    case .caption: "▣ "
                    case .list: "• "
                    case .unspecified, .body, .UNRECOGNIZED: ""
                    }
                return mark + console.prose(paragraph.text.text)
            }, blank: true)
        lines += section(
            "Quotes",
            article.quotes.map { quote in
                let speaker =
                    quote.hasSpeaker
                    ? console.styled(console.words(quote.speaker.text), .bold) : "nobody named"
                let carried = quote.speakerBasis == .carriedOver ? " (carried over)" : ""
                return "\(speaker)\(carried): \(console.prose(quote.text.text))"
            })
        lines += section(
            "Hashtags",
            [article.hashtags.map { console.words($0.raw.text) }.joined(separator: "  ")])
        if response.hasTagged {
            lines += section("Entities", response.tagged.entities.map(entity))
        }
        lines += section("Comments", article.comments.flatMap(comment))
        lines += section(
            "Not the article's",
            article.removed.map { "\(Self.name($0.kind)): \(console.prose($0.text.text))" })
        return lines
    }

    private var heading: String {
        console.styled(
            console.words(article.headline.text.isEmpty ? "(no headline)" : article.headline.text),
            .bold)
    }

    private var origin: String {
        var parts: [String] = []
        if article.hasPublisher { parts.append(console.words(article.publisher.text)) }
        if article.hasAgency { parts.append("agency \(console.words(article.agency.code))") }
        if !article.url.isEmpty { parts.append(console.words(article.url)) }
        if article.hasPublished { parts.append(Formats.time(article.published)) }
        parts += article.bylines.map { "by \(console.words($0.text))" }
        return parts.joined(separator: " · ")
    }

    private var counts: String {
        var parts = [
            Formats.count(article.paragraphs.filter { $0.kind == .body }.count, "paragraph"),
            Formats.count(article.quotes.count, "quote"),
            Formats.count(article.hashtags.count, "hashtag"),
        ]
        if !article.comments.isEmpty || article.hasDeclaredCommentCount {
            let declared =
                article.hasDeclaredCommentCount ? " (\(article.declaredCommentCount) declared)" : ""
            parts.append(Formats.count(article.comments.count, "comment") + declared)
        }
        if !article.language.code.isEmpty { parts.append(console.words(article.language.code)) }
        return parts.joined(separator: " · ")
    }

    private var stages: String {
        response.stages.map { Self.name($0) }.joined(separator: ", ")
    }

    /// Names by kind, the most often mentioned first.
    private var entities: [(padded: String, names: String)] {
        let kinds: [(Barid_Article_V1_EntityKind, String)] = [
            (.person, "persons"), (.place, "places"), (.organisation, "orgs"), (.date, "dates"),
        ]
        return kinds.compactMap { kind, title in
            let found = response.tagged.entities.filter { $0.kind == kind }
                .sorted { $0.mentions.count > $1.mentions.count }
            guard !found.isEmpty else { return nil }
            let names = found.prefix(8).map { entity in
                let count = entity.mentions.count > 1 ? " ×\(entity.mentions.count)" : ""
                return console.words(entity.name) + count
            }
            let more = found.count > 8 ? " · \(found.count - 8) more" : ""
            return (
                title.padding(toLength: 8), names.joined(separator: " · ") + more
            )
        }
    }

    /// Key phrases, the weightiest first.
    private var about: String {
        response.summarized.phrases.prefix(6).map { console.words($0.text) }
            .joined(separator: " · ")
    }

    private var verdicts: [String] {
        var lines: [String] = []
        let article = response.hasModerated ? response.moderated.article : nil
        if let shown = show(article, review(of: nil)) { lines.append("verdict   \(shown)") }
        var numbers = response.moderated.comments.map(\.commentNumber)
        for review in response.reviews where review.hasCommentNumber {
            if !numbers.contains(review.commentNumber) { numbers.append(review.commentNumber) }
        }
        for number in numbers {
            if let shown = show(verdict(of: number), review(of: number)) {
                lines.append("comment \(number) \(shown)")
            }
        }
        return lines
    }

    /// What a person decided about a comment, or the article itself.
    private func review(of comment: UInt32?) -> Barid_Article_V1_ArticleReviewed? {
        response.reviews.first {
            $0.hasCommentNumber ? $0.commentNumber == comment : comment == nil
        }
    }

    private func verdict(of comment: UInt32) -> Barid_Article_V1_Verdict? {
        response.moderated.comments.first { $0.commentNumber == comment }?.verdict
    }

    /// A person's decision with the moderator's behind it, or the moderator's alone.
    private func show(
        _ verdict: Barid_Article_V1_Verdict?, _ review: Barid_Article_V1_ArticleReviewed?
    ) -> String? {
        guard let review else { return verdict.map { show($0) } }
        let before = verdict.map { "; the moderator: \(show($0))" } ?? ""
        return Self.styled(review.decision, on: console) + said(review.reviewer, review.note)
            + before
    }

    private func said(_ reviewer: String, _ note: String) -> String {
        " by \(console.words(reviewer))"
            + (note.isEmpty ? "" : " \u{00AB}\(console.words(note))\u{00BB}")
    }

    private func show(_ verdict: Barid_Article_V1_Verdict) -> String {
        let word = Self.styled(verdict.decision, on: console)
        let reasons = verdict.findings.prefix(3).map {
            "\($0.category) \u{00AB}\(console.prose($0.text.text))\u{00BB}"
        }
        return reasons.isEmpty ? word : "\(word): \(reasons.joined(separator: ", "))"
    }

    private func entity(_ entity: Barid_Article_V1_Entity) -> String {
        var seen: Set<String> = [entity.name]
        let others = entity.mentions.map(\.text.text).filter { seen.insert($0).inserted }
        let also =
            others.isEmpty ? "" : "  also \(others.map(console.words).joined(separator: ", "))"
        let kind = Self.name(entity.kind).padding(toLength: 12)
        return "\(kind) \(console.words(entity.name)) ×\(entity.mentions.count)\(also)"
    }

    private func comment(_ comment: Barid_Article_V1_Comment) -> [String] {
        let shown = show(verdict(of: comment.number), review(of: comment.number))
        let author = comment.hasAuthor ? " \(console.words(comment.author.text))" : ""
        let decision = shown.map { "  \($0)" } ?? ""
        return ["\(comment.number).\(author)\(decision)", "   \(console.prose(comment.text.text))"]
    }

    private func row(_ title: String, _ text: String) -> [String] {
        text.isEmpty ? [] : ["  \(title.padding(toLength: 8))  \(text)"]
    }

    private func section(_ title: String, _ lines: [String], blank: Bool = false) -> [String] {
        let lines = lines.filter { !$0.isEmpty }
        guard !lines.isEmpty else { return [] }
        var result = ["", console.styled(title, .cyan)]
        for (index, line) in lines.enumerated() {
            if blank && index > 0 { result.append("") }
            result.append("  \(line)")
        }
        return result
    }

    static func styled(_ decision: Barid_Article_V1_Decision, on console: Console) -> String {
        switch decision {
        case .pass: console.styled("pass", .green)
        case .hold: console.styled("hold", .yellow)
        case .block: console.styled("block", .red)
        case .unspecified, .UNRECOGNIZED: "no verdict"
        }
    }

    static func name(_ stage: Barid_Article_V1_Stage) -> String {
        switch stage {
        case .submitted: "submitted"
        case .parsed: "parsed"
        case .tagged: "tagged"
        case .moderated: "moderated"
        case .summarized: "summarized"
        case .reviewed: "reviewed"
        case .retracted: "retracted"
        case .indexed: "indexed"
        case .unspecified, .UNRECOGNIZED: "?"
        }
    }

    private static func name(_ kind: Barid_Article_V1_EntityKind) -> String {
        switch kind {
        case .person: "person"
        case .place: "place"
        case .organisation: "organisation"
        case .date: "date"
        case .hashtag: "hashtag"
        case .other, .unspecified, .UNRECOGNIZED: "other"
        }
    }

    private static func name(_ kind: Barid_Article_V1_Removed.Kind) -> String {
        switch kind {
        case .followUs: "follow us"
        case .disclaimer: "disclaimer"
        case .related: "related"
        case .commentCount: "comment count"
        case .advertisement: "advertisement"
        case .navigation: "navigation"
        case .unspecified, .UNRECOGNIZED: "removed"
        }
    }
}

extension String {
    /// The text with blanks up to a width; for our own ASCII titles.
    func padding(toLength length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
