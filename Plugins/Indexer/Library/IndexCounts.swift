/// How much an index holds.
public struct IndexCounts: Hashable, Sendable {
    /// Articles of which anything is known.
    public let articles: Int

    /// Articles that are parsed, and so have a document.
    public let searchable: Int

    /// Documents among them that are held or blocked.
    public let withheld: Int
}
