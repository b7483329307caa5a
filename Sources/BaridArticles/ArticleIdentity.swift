public import BaridSchema

/// Which article a submission is, and which version of it.
///
/// The article's id is the one the sender gives, else the item's own id, else its URL, else the
/// hash of its bytes. The event's id is made of article id and content hash, so the same bytes
/// again are a duplicate, and other bytes under the same id are the article's next revision.
/// Publisher and parser both ask here, so that they never differ.
public struct ArticleIdentity: Hashable, Sendable {
    /// The id of the article.
    public let articleID: String

    /// The SHA-256 of the submitted bytes, in hex.
    public let revision: String

    /// The id of the event that submits it.
    public var eventID: String { "\(articleID)@\(revision)" }

    /// Finds out the identity of a submission.
    ///
    /// An own id or URL of an item is passed over when it is empty, longer than 512 bytes of
    /// UTF-8 or holds control characters, which no event attribute may.
    ///
    /// - Parameters:
    ///   - submission: What is submitted; one item, not a container.
    ///   - explicit: The id that the sender gave, if any; the caller has checked it.
    public init(of submission: ArticleSubmitted, explicit: String? = nil) {
        revision = ContentHash.hex(of: submission.content)
        if let explicit, !explicit.isEmpty {
            articleID = explicit
            return
        }
        var candidates: [String?] = []
        if ArticleMediaType(submission.mediaType) == .json,
            let item = try? JSONItem(submission.content)
        {
            candidates = [item.id, item.url]
        }
        candidates.append(submission.url)
        articleID =
            candidates.compactMap { $0 }.first(where: Self.isUsable) ?? revision
    }

    /// Whether a string may be an article's id.
    ///
    /// - Parameter id: A candidate.
    /// - Returns: False when it is empty, longer than 512 bytes or holds control characters.
    public static func isUsable(_ id: String) -> Bool {
        guard !id.isEmpty, id.utf8.count <= longestID else { return false }
        return !id.unicodeScalars.contains { scalar in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || scalar.value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(scalar.value)
        }
    }

    private static let longestID = 512
}
