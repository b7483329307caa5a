/// Where a score becomes a decision.
///
/// A comment is judged by itself; an article reports what others
/// said and did, so only gross words count in it, and more must come together.
struct Policy: Sendable {
    /// At and above this a person should look.
    let hold: Double
    /// At and above this it is not shown.
    let block: Double
    /// Whether only gross terms count.
    let countsOnlyGross: Bool
    /// What a finding's score is multiplied by.
    let weight: Double

    static let comment = Policy(hold: 0.5, block: 0.85, countsOnlyGross: false, weight: 1)
    static let article = Policy(hold: 0.75, block: 0.98, countsOnlyGross: true, weight: 0.7)
}
