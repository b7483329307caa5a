internal import BaridProof

/// What workers or brokers of an earlier version delivered, and whether that version knows turns.
struct EarlierDeliveries {
    /// Starts of an earlier broker.
    let epochs: Set<UInt64>
    private var sessions: Set<String> = []
    private var knowsTurns = false

    init(epochs: Set<UInt64>) { self.epochs = epochs }

    mutating func add(_ history: History, of shift: Crew.Shift) {
        for entry in history.entries where entry.operation == .deliver {
            guard let token = entry.token, shift.isEarlier || epochs.contains(token.epoch) else {
                continue
            }
            sessions.insert(entry.session)
            knowsTurns = knowsTurns || token.turn > 0
        }
    }

    /// The sessions of which the checker has to know that they have no turns.
    var entries: [HistoryEntry] {
        guard !knowsTurns else { return [] }
        return sessions.sorted().map { session in
            HistoryEntry(.turnless, time: 0, actor: "prover") { $0.session = session }
        }
    }
}
