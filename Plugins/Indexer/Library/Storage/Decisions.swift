import BaridSchema

/// What is decided about an article and its comments: the moderator's verdicts, and over them what
/// people said.
struct Decisions: Equatable {
    /// About the article itself.
    private(set) var article: Barid_Article_V1_Decision = .unspecified
    /// By the comments' numbers.
    private(set) var comments: [UInt32: Barid_Article_V1_Decision] = [:]

    /// Joins the two.
    ///
    /// Where two verdicts bear one number, the graver one counts.
    ///
    /// - Parameters:
    ///   - moderated: The verdicts, when they are in.
    ///   - reviews: People's decisions that hold, at most one for each target.
    init(
        _ moderated: Barid_Article_V1_ArticleModerated?,
        reviews: [Barid_Article_V1_ArticleReviewed] = []
    ) {
        article = moderated?.article.decision ?? .unspecified
        for comment in moderated?.comments ?? [] {
            let decision = comment.verdict.decision
            let known = comments[comment.commentNumber] ?? decision
            comments[comment.commentNumber] =
                decision == .unspecified || decision.rawValue > known.rawValue ? decision : known
        }
        for review in reviews {
            if review.hasCommentNumber {
                comments[review.commentNumber] = review.decision
            } else {
                article = review.decision
            }
        }
    }

    /// What waits for a person, the article itself first.
    var held: [ReviewTarget] {
        (article == .hold ? [.article] : [])
            + comments.filter { $0.value == .hold }.keys.sorted().map { .comment($0) }
    }
}

/// What a decision is about.
enum ReviewTarget: Equatable {
    case article
    case comment(UInt32)

    init(_ review: Barid_Article_V1_ArticleReviewed) {
        self = review.hasCommentNumber ? .comment(review.commentNumber) : .article
    }

    /// Reads the number that ``number`` gave.
    init(number: Int64) {
        self = UInt32(exactly: number).map { .comment($0) } ?? .article
    }

    /// As the file keeps it: the comment's number, or -1.
    var number: Int64 {
        switch self {
        case .article: -1
        case .comment(let number): Int64(number)
        }
    }
}

extension Barid_Article_V1_ArticleReviewed {
    /// Whether this decision holds against another one about the same: by number, then the graver,
    /// then by its bytes, so that every order of arrival gives the same.
    func holds(against other: Self) throws -> Bool {
        guard number == other.number else { return number > other.number }
        guard decision == other.decision else { return decision.rawValue > other.decision.rawValue }
        let (own, others): ([UInt8], [UInt8]) = (
            try serializedBytes(), try other.serializedBytes()
        )
        return others.lexicographicallyPrecedes(own)
    }
}
