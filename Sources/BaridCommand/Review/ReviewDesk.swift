import ArgumentParser
import Barid
import BaridArticles
import BaridSchema

/// Turns what a person decided into an event, unless that is decided already.
struct ReviewDesk {
    let what: ReviewOptions
    let output: OutputOptions
    let broker: BrokerOptions

    /// Decides about the article, or one of its comments, as the index has it.
    func decide(_ decision: Barid_Article_V1_Decision, _ comment: UInt32?) async throws {
        let (what, reviewer) = (what, what.reviewer)
        let (review, receipt) = try await broker.connected(as: "barid review") { client in
            let known = try await Self.article(what.article, client)
            guard !known.hasRetracted else {
                throw CommandError(
                    .badInput,
                    "\(Console.error.words(known.retracted.reviewer)) took this article back, which is final"
                )
            }
            let review = try Self.review(known, decision, comment, reviewer, what.note)
            guard review.number > 0 else { return (review, nil as Receipt?) }
            return (review, try await Self.publish(ReviewEvent.event(of: review), client))
        }
        var text = JSONText()
        text.add("article_id", review.articleID)
        text.add("revision", review.revision)
        if let comment { text.add("comment_number", comment) }
        text.add("decision", decision == .pass ? "DECISION_PASS" : "DECISION_BLOCK")
        let subject = comment.map { "Comment \($0) of" } ?? "Article"
        let verb = decision == .pass ? "approved" : "blocked"
        tell(
            receipt, text, "\(subject) \(Console.output.id(review.articleID)) is \(verb)",
            by: review.reviewer)
    }

    /// Takes the article back.
    func retract() async throws {
        let (what, reviewer) = (what, what.reviewer)
        let (retraction, receipt) = try await broker.connected(as: "barid review") { client in
            let known = try await Self.article(what.article, client)
            guard !known.hasRetracted else { return (known.retracted, nil as Receipt?) }
            let retraction = ArticleRetracted.with {
                $0.articleID = known.article.id
                $0.revision = known.article.revision
                $0.reviewer = reviewer
                $0.note = what.note
            }
            return (retraction, try await Self.publish(ReviewEvent.event(of: retraction), client))
        }
        var text = JSONText()
        text.add("article_id", retraction.articleID)
        text.add("revision", retraction.revision)
        tell(
            receipt, text, "Article \(Console.output.id(retraction.articleID)) is retracted",
            by: retraction.reviewer)
    }

    // MARK: Parts

    private static func article(
        _ id: String, _ client: BaridClient
    ) async throws -> Barid_Index_V1_GetArticleResponse {
        let known = try await client.article(id)
        guard known.hasArticle else {
            throw CommandError(
                .noInput, "the article is not parsed yet: there is nothing to decide about")
        }
        return known
    }

    /// The decision, numbered after the one that holds; number 0 when it says what holds already.
    private static func review(
        _ known: Barid_Index_V1_GetArticleResponse, _ decision: Barid_Article_V1_Decision,
        _ comment: UInt32?, _ reviewer: String, _ note: String
    ) throws -> ArticleReviewed {
        if let comment, !known.article.comments.contains(where: { $0.number == comment }) {
            let numbers = known.article.comments.map(\.number)
            let there =
                numbers.isEmpty
                ? "it has none" : "it has \(numbers.min() ?? 0) to \(numbers.max() ?? 0)"
            throw CommandError(.noInput, "the article has no comment \(comment): \(there)")
        }
        var review = ArticleReviewed.with {
            $0.articleID = known.article.id
            $0.revision = known.article.revision
            if let comment { $0.commentNumber = comment }
            $0.decision = decision
            $0.reviewer = reviewer
            $0.note = note
        }
        let last = known.reviews.first {
            $0.hasCommentNumber ? $0.commentNumber == comment : comment == nil
        }
        if let last, last.decision == decision {
            review.reviewer = last.reviewer
            return review
        }
        let (number, overflow) = (last?.number ?? 0).addingReportingOverflow(1)
        guard !overflow else {
            throw CommandError(.badInput, "this was decided about too often")
        }
        review.number = number
        return review
    }

    private static func publish(
        _ event: EventEnvelope, _ client: BaridClient
    ) async throws -> Receipt {
        try await client.withPublisher { publisher in try await publisher.publish(event) }
    }

    /// Says what is decided; `receipt` is absent when that was so before.
    private func tell(_ receipt: Receipt?, _ text: JSONText, _ sentence: String, by name: String) {
        guard !output.json else {
            var text = text
            text.add("reviewer", name)
            if let receipt { text.add("sequence", receipt.sequence) }
            text.add("duplicate", receipt?.duplicate ?? true)
            return Console.output.line(text.text)
        }
        let name = Console.output.words(name)
        guard let receipt, !receipt.duplicate else {
            return Console.output.line("\(sentence) already, by \(name).")
        }
        Console.output.line("\(sentence), by \(name): event \(receipt.sequence).")
    }
}
