public import Barid
public import BaridSchema

/// Events of what people decide: the same decision, made twice, is the same event.
///
/// Specified in Protocols/3-events.md §2.1 and §3.
public enum ReviewEvent {
    /// The source of these events.
    public static let source = "/barid/review"

    /// Makes the event of a decision.
    ///
    /// - Parameter review: The decision, with article, revision and number.
    /// - Returns: An event to publish.
    /// - Throws: `RPCError` when the body cannot be written.
    public static func event(of review: ArticleReviewed) throws -> EventEnvelope {
        let parts = [
            review.articleID, review.revision,
            review.hasCommentNumber ? "\(review.commentNumber)" : "",
            "\(review.decision.rawValue)", "\(review.number)", review.reviewer, review.note,
        ]
        return try event(ArticleEventType.reviewed, review.articleID, parts, review)
    }

    /// Makes the event of a retraction.
    ///
    /// - Parameter retraction: The retraction, with article and revision.
    /// - Returns: An event to publish.
    /// - Throws: `RPCError` when the body cannot be written.
    public static func event(of retraction: ArticleRetracted) throws -> EventEnvelope {
        let parts = [
            retraction.articleID, retraction.revision, retraction.reviewer, retraction.note,
        ]
        return try event(ArticleEventType.retracted, retraction.articleID, parts, retraction)
    }

    private static func event(
        _ type: String, _ subject: String, _ parts: [String], _ payload: some EventPayload
    ) throws -> EventEnvelope {
        var bytes: [UInt8] = []
        for part in [type] + parts {
            let count = UInt64(part.utf8.count)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            bytes += Array(part.utf8)
        }
        var event = EventEnvelope(id: ContentHash.hex(of: bytes), source: source, type: type)
        event.subject = subject
        try event.setData(payload)
        return event
    }
}
