import BaridArticles
import BaridSchema

/// What people have decided about an article, as its events tell.
struct DecidedReviews {
    private struct Target: Hashable {
        var revision: String
        /// `nil` for the article itself.
        var comment: UInt32?
    }

    private var targets: Set<Target> = []
    private var isRetracted = false
    /// The revision that was moderated last; what was held of an older one waits for nobody.
    private var latest = ""

    /// Takes note of an event of the article, in the order of the log.
    mutating func add(_ event: Barid_Bus_V1_Event) {
        guard case .protoData(let data) = event.data else { return }
        switch event.type {
        case ArticleEventType.moderated:
            guard let moderated = try? ArticleModerated(serializedBytes: data.value) else { return }
            latest = moderated.revision
        case ArticleEventType.reviewed:
            guard let review = try? ArticleReviewed(serializedBytes: data.value) else { return }
            let comment = review.hasCommentNumber ? review.commentNumber : nil
            targets.insert(Target(revision: review.revision, comment: comment))
        case ArticleEventType.retracted:
            isRetracted = true
        default:
            return
        }
    }

    /// What of that the moderator held nobody has decided about: `nil` for the article itself, which
    /// comes first, then comments by their numbers.
    func open(_ moderated: ArticleModerated) -> [UInt32?] {
        guard !isRetracted, latest.isEmpty || latest == moderated.revision else { return [] }
        let article: [UInt32?] = moderated.article.decision == .hold ? [nil] : []
        let comments = Set(
            moderated.comments.filter { $0.verdict.decision == .hold }.map(\.commentNumber))
        return (article + comments.sorted().map { Optional($0) }).filter {
            !targets.contains(Target(revision: moderated.revision, comment: $0))
        }
    }
}
