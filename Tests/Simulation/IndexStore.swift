/// What the workers of the group `index` keep: a table of effects and one of rows, changed
/// together, which outlives workers and broker.
struct IndexStore {
    private var applied: Set<String> = []
    private(set) var rows: [String: (event: String, revision: UInt64)] = [:]

    /// Applies an event.
    ///
    /// - Returns: Whether that had an effect: false when it was applied before.
    mutating func apply(_ event: String, revision: UInt64, row: String, replay: UInt64) -> Bool {
        guard applied.insert("\(event)#\(replay)").inserted else { return false }
        if revision >= rows[row]?.revision ?? 0 { rows[row] = (event, revision) }
        return true
    }
}
