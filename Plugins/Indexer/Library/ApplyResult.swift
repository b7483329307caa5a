import BaridSchema

/// What an update did.
public struct ApplyResult: Hashable, Sendable {
    /// The article.
    public let articleID: String

    /// The revision.
    public let revision: String

    /// The stages of this revision that had come in when this one did, itself included.
    ///
    /// The same for a repeat, whatever came in between; a superseded revision counts on.
    public let stages: [Barid_Article_V1_Stage]

    /// Whether the index is different now: false for a repeat, a lower replay, an old revision.
    public let changed: Bool

    /// Whether a newer revision of the article is the searchable one, so that this had no effect.
    public let superseded: Bool
}
