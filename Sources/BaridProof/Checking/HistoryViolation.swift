/// A promise that a history shows broken, with the lines that show it.
public struct HistoryViolation: Sendable, Equatable, CustomStringConvertible {
    /// Which check failed.
    public var check: HistoryCheck
    /// What happened, in a sentence with the names involved.
    public var statement: String
    /// The entries that show it, in order.
    public var evidence: [HistoryEntry]

    /// The check, the statement and the evidence as lines.
    public var description: String {
        (["\(check.rawValue): \(statement)"] + evidence.map { "    " + $0.json })
            .joined(separator: "\n")
    }
}
