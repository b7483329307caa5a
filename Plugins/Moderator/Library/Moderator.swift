public import BaridSchema
internal import BaridText

/// Says of an article and of each of its comments whether it may be shown: pass, hold or block.
///
/// Terms of a lexicon are found whatever they hide behind (vowel marks, tatweel, invisible
/// characters, presentation forms, stretched letters, clitics) and weighed by what is around them:
/// whom they are said to, negation, quotation. Every finding states the exact letters and the rule,
/// so that a decision can be explained and reviewed.
///
/// A value without state: make one and share it. Time and memory are linear in the text.
public struct Moderator: Sendable {
    /// What ``moderate(_:)`` states as the policy of its verdicts.
    public static let policy = "barid-moderator 1"

    private let finder = TermFinder(lexicon: .standard)

    private let model: LinearModel?

    /// Makes a moderator.
    ///
    /// - Parameter usesModel: False leaves it at the lexicon and its rules. The default is true: the
    ///   model holds comments that offend in words the lexicon does not know.
    public init(usesModel: Bool = true) {
        model = usesModel ? LinearModel.trained : nil
    }

    /// Judges headline, abstract and paragraphs of an article, and each comment for itself.
    ///
    /// Spans outside the article's text are cut to it.
    ///
    /// - Parameter article: A parsed article.
    /// - Returns: A verdict on the article and one on each comment, offsets in scalars of its text.
    public func moderate(
        _ article: Barid_Article_V1_Article
    ) -> Barid_Article_V1_ArticleModerated {
        let scalars = Array(article.text.unicodeScalars)
        var parts: [Range<Int>] = []
        if article.hasHeadline { parts.append(article.headline.span.range) }
        if article.hasAbstract { parts.append(article.abstract.span.range) }
        parts += article.paragraphs.map { $0.text.span.range }
        var end = 0
        let rest = parts.sorted { $0.lowerBound < $1.lowerBound }.map { part in
            // Parts that overlap are read once.
            let rest = max(part.lowerBound, end)..<max(part.upperBound, end)
            end = rest.upperBound
            return rest
        }
        var moderated = Barid_Article_V1_ArticleModerated()
        moderated.articleID = article.id
        moderated.revision = article.revision
        moderated.policy = Self.policy
        moderated.article = verdict(on: ModeratedText(scalars, parts: rest), by: .article)
        moderated.comments = article.comments.map { comment in
            var result = Barid_Article_V1_CommentVerdict()
            result.commentNumber = comment.number
            result.verdict = verdict(
                on: ModeratedText(scalars, parts: [comment.text.span.range]), by: .comment)
            return result
        }
        return moderated
    }

    /// Judges one comment.
    ///
    /// - Parameter text: The comment's text.
    /// - Returns: Its verdict in `article`, offsets in its scalars.
    public func moderate(text: String) -> Barid_Article_V1_ArticleModerated {
        let scalars = Array(text.unicodeScalars)
        var moderated = Barid_Article_V1_ArticleModerated()
        moderated.policy = Self.policy
        moderated.article = verdict(
            on: ModeratedText(scalars, parts: [0..<scalars.count]), by: .comment)
        return moderated
    }

    /// Returns the features that the comment model sees, for training it.
    ///
    /// - Parameter text: A comment.
    /// - Returns: Hashed features.
    package func trainingFeatures(of text: String) -> [UInt32] {
        let scalars = Array(text.unicodeScalars)
        let read = ModeratedText(scalars, parts: [0..<scalars.count])
        let score = Moderator(usesModel: false).verdict(on: read, by: .comment).score
        return CommentFeatures.extract(from: read, lexiconScore: score).map(\.hash)
    }

    private func verdict(on text: ModeratedText, by policy: Policy) -> Barid_Article_V1_Verdict {
        var findings: [Barid_Article_V1_Finding] = []
        for hit in finder.find(in: text) where !policy.countsOnlyGross || hit.term.isGross {
            findings.append(
                finding(
                    hit.category.rawValue, hit.score * policy.weight, range(hit.words, in: text),
                    text, "lexicon: " + hit.term.name))
        }
        if !policy.countsOnlyGross { findings += spam(in: text) }
        var harmless = 1.0
        for finding in findings { harmless *= 1 - min(finding.score, 0.99) }
        var verdict = Barid_Article_V1_Verdict()
        verdict.findings = findings
        verdict.score = 1 - harmless
        if !policy.countsOnlyGross, let model,
            let opinion = model.opinion(of: text, lexiconScore: verdict.score),
            opinion.score >= policy.hold, opinion.score > verdict.score
        {
            verdict.findings.append(
                finding(
                    "offensive", opinion.score, range(opinion.words, in: text), text,
                    "model: " + LinearModel.name))
            verdict.score = opinion.score
        }
        verdict.decision =
            verdict.score >= policy.block ? .block : verdict.score >= policy.hold ? .hold : .pass
        return verdict
    }

    /// Addresses and numbers to call: one alone says little.
    private func spam(in text: ModeratedText) -> [Barid_Article_V1_Finding] {
        text.addresses.map { finding("spam", 0.25, $0, text, "rule: web address") }
            + text.phoneNumbers.map { finding("spam", 0.3, $0, text, "rule: phone number") }
    }

    private func range(_ words: Range<Int>, in text: ModeratedText) -> Range<Int> {
        let words = text.words[words.clamped(to: 0..<text.words.count)]
        guard let first = words.first, let last = words.last else { return 0..<0 }
        return first.range.lowerBound..<max(first.range.upperBound, last.range.upperBound)
    }

    private func finding(
        _ category: String, _ score: Double, _ range: Range<Int>, _ text: ModeratedText,
        _ rule: String
    ) -> Barid_Article_V1_Finding {
        var finding = Barid_Article_V1_Finding()
        finding.category = category
        finding.score = score
        finding.rule = rule
        finding.text.text = text.text(in: range)
        finding.text.span.start = UInt32(clamping: range.lowerBound)
        finding.text.span.end = UInt32(clamping: range.upperBound)
        return finding
    }
}

extension Barid_Article_V1_Span {
    /// The span as a range; empty when it is the wrong way round.
    fileprivate var range: Range<Int> { Int(start)..<max(Int(start), Int(end)) }
}
