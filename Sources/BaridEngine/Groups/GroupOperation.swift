/// What an operator does to a group.
public enum GroupOperation: Sendable, Equatable {
    /// Delivers nothing more; what is out may be settled.
    case pause
    /// Delivers again.
    case resume
    /// Begins anew at a place: what was out, tried or done from there on is forgotten, dead letters
    /// too; what lies before it is done. Subscriptions end.
    case reset(SubscriptionRequest.Start)
    /// Ends the group and its subscriptions; its number is not used again.
    case delete
    /// Makes due again what the group is done with in these ranges of sequences, dead letters
    /// among it, under a new replay number. What it is not done with goes its way.
    case replay([ClosedRange<UInt64>])
    /// Makes dead letters due again, under the number under which they failed; what is no dead
    /// letter of the group is passed over.
    case retry([UInt64])
}

/// What became of a ``GroupOperation``.
public struct GroupOperated: Sendable, Equatable {
    /// The number of the replay; 0 when there is none.
    public var replay: UInt32
    /// How many sequences are due by a reset, or due again, among them such as the filter does not
    /// match.
    public var events: UInt64

    /// Creates an answer.
    public init(replay: UInt32 = 0, events: UInt64 = 0) {
        self.replay = replay
        self.events = events
    }
}
