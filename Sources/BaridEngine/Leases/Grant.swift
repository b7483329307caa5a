/// A lease as the engine granted it, before its delivery left.
public struct Grant: Sendable, Equatable {
    let group: Int
    let slot: Int
    let sequence: UInt64
    let attempt: UInt32
    let turn: UInt64
    /// How long it lasts, in nanoseconds.
    let lease: Int64
}

extension Engine {
    /// Begins a lease, unless it is over already.
    mutating func begin(_ grant: Grant) {
        guard grant.group < groups.count, grant.slot < groups[grant.group].entries.count else {
            return
        }
        let entry = groups[grant.group].entries[grant.slot]
        guard entry.state == .leased, entry.sequence == grant.sequence,
            entry.attempt == grant.attempt, entry.turn == grant.turn
        else { return }
        groups[grant.group].begin(grant.slot, until: clock + grant.lease, clock: clock)
    }
}
